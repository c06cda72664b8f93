"""Day partitions of the tick table: made by the owner's function, ahead of time by a job and at the latest by the first tick of a day."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.db import DatabaseError, transaction

from tradingdesk.kernel import clock, sql
from tradingdesk.kernel.errors import InvalidRequest

DAYS_AHEAD = 4  # reaches over a weekend
OUT_OF_RANGE = "DK006"  # quotes.guards


def ensure(days: Iterable[date]) -> None:
    """Makes the partitions that are missing, inside the caller's transaction; in date order, so that two callers never deadlock.

    Raises InvalidRequest TICK_DAY_OUT_OF_RANGE for a day before 1970 or more than a year ahead; the caller's transaction is void then.
    """
    wanted = sorted(days)
    try:
        sql.execute("SELECT quotes_ensure_tick_partition(day) FROM unnest(%s::date[]) day", [wanted])
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", None) != OUT_OF_RANGE:
            raise
        message = "Ticks are kept for days from 1970 to a year ahead."
        raise InvalidRequest(message, code="TICK_DAY_OUT_OF_RANGE", first=str(wanted[0]), last=str(wanted[-1])) from error


def prepare() -> list[date]:
    """Today's partition and those of the coming days, each in a transaction of its own so that no lock is held for long."""
    days = [clock.now().date() + timedelta(days=n) for n in range(DAYS_AHEAD + 1)]
    for day in days:
        with transaction.atomic(durable=True):
            ensure([day])
    return days
