"""Tick partitions: made by the job ahead of time, by any process of the desk's own role, as often as it likes."""

from datetime import UTC, datetime

from django.db import connection

from quotes.services import partitions
from quotes.tasks import prepare_partitions
from tradingdesk.kernel import clock

NEW_YEARS_EVE = datetime(2031, 12, 30, 12, tzinfo=UTC)


def partition_names() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relnamespace = 'ticks'::regnamespace AND relkind = 'r'")
        return {name for (name,) in cursor.fetchall()}


def test_prepares_today_and_the_days_to_come(db: None) -> None:
    with clock.fixed(NEW_YEARS_EVE):
        prepare_partitions()
        assert len(partitions.prepare()) == 5  # again, harmlessly
    assert {"day_20311230", "day_20311231", "day_20320101", "day_20320102", "day_20320103"} <= partition_names()


def test_nothing_to_ensure_is_no_trouble(db: None) -> None:
    partitions.ensure([])
