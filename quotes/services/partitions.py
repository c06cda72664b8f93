"""Day partitions of the tick table: made by the owner's function, ahead of time by a job and at the latest by the first tick of a day."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.db import transaction

from tradingdesk.kernel import clock, sql

DAYS_AHEAD = 4  # reaches over a weekend


def ensure(days: Iterable[date]) -> None:
    """Makes the partitions that are missing, inside the caller's transaction; in date order, so that two callers never deadlock."""
    sql.execute("SELECT quotes_ensure_tick_partition(day) FROM unnest(%s::date[]) day", [sorted(days)])


def prepare() -> list[date]:
    """Today's partition and those of the coming days, each in a transaction of its own so that no lock is held for long."""
    days = [clock.now().date() + timedelta(days=n) for n in range(DAYS_AHEAD + 1)]
    for day in days:
        with transaction.atomic(durable=True):
            ensure([day])
    return days
