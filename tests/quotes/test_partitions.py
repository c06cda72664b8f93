"""Tick partitions: made by the job ahead of time, by any process of the desk's own role, as often as it likes."""

from datetime import UTC, date, datetime

import pytest
from django.db import connection, transaction

from quotes.services import partitions
from quotes.tasks import prepare_partitions
from tradingdesk.kernel import clock
from tradingdesk.kernel.errors import InvalidRequest

NEW_YEARS_EVE = datetime(2019, 12, 30, 12, tzinfo=UTC)


def partition_names() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relnamespace = 'ticks'::regnamespace AND relkind = 'r'")
        return {name for (name,) in cursor.fetchall()}


def test_prepares_today_and_the_days_to_come(db: None) -> None:
    with clock.fixed(NEW_YEARS_EVE):
        prepare_partitions()
        assert len(partitions.prepare()) == 5  # again, harmlessly
    assert {"day_20191230", "day_20191231", "day_20200101", "day_20200102", "day_20200103"} <= partition_names()


def test_nothing_to_ensure_is_no_trouble(db: None) -> None:
    partitions.ensure([])


@pytest.mark.parametrize("day", [date(1969, 12, 31), date(3000, 1, 1)])
def test_a_day_that_cannot_be_gets_no_partition(db: None, day: date) -> None:
    before = partition_names()
    with pytest.raises(InvalidRequest) as refusal, transaction.atomic():
        partitions.ensure([date(2014, 5, 2), day])
    assert refusal.value.reason_code == "TICK_DAY_OUT_OF_RANGE"
    assert partition_names() == before
