"""Rows go in as one JSON parameter and come out exactly as they were: no digit, no microsecond, no null is lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from django.db import transaction

from accounts.models import Entry, Journal
from orders.models import Fill, Order, OrderEvent
from quotes.models import Bar
from tests.factories.desk import Desk
from tests.kernel.raw import next_id
from tests.kernel.raw_orders import reached
from tradingdesk.kernel import sql

pytestmark = pytest.mark.django_db
D = Decimal
EVERY_DIGIT = D("12345678901234.123456")
LARGEST_AMOUNT = D("999999999999999999.99")
MICROSECONDS = datetime(2026, 3, 2, 23, 59, 59, 999_999, tzinfo=UTC)


def journal_row(desk: Desk, **values: object) -> dict[str, object]:
    row = {"id": next_id("accounts_journal"), "market_id": desk.market.pk, "kind": "CASH", "trading_day": date(2026, 3, 2), "fill_id": None}
    return {**row, "reason": "", "request_id": "", "market_time": MICROSECONDS, "recorded_at": MICROSECONDS, **values}


def denied_row(desk: Desk, **values: object) -> dict[str, object]:
    """A denied order is not looked at before the transaction ends."""
    return {**reached(desk, desk.account(), "DENIED").writes[0].rows[0], **values}


def test_every_digit_of_a_price_is_kept(desk: Desk) -> None:
    prices = {f"{side}_{point}": EVERY_DIGIT for side in ("bid", "ask") for point in ("open", "high", "low", "close")}
    row = {"market_id": desk.market.pk, "instrument_id": desk.gold.pk, "start": MICROSECONDS, "trading_day": date(2026, 3, 2), "ticks": 1}
    trade = {f"trade_{point}": None for point in ("open", "high", "low", "close")}
    sql.insert(Bar, [{**row, **prices, **trade, "volume": D("0.0001")}])
    bar = Bar.objects.get(start=MICROSECONDS)
    assert (bar.bid_open, bar.ask_close, bar.volume, bar.trade_open) == (EVERY_DIGIT, EVERY_DIGIT, D("0.0001"), None)
    assert (bar.start, bar.trading_day) == (MICROSECONDS, date(2026, 3, 2))


def test_amounts_nulls_json_and_microseconds_are_kept(desk: Desk) -> None:
    data = {"quote": 'a "word", a \\ and ü', "amount": "10002.50", "deep": {"list": [1, None, True]}, "sql": "%s ' ;--"}
    row = denied_row(desk, detail=data, limit_price=EVERY_DIGIT, quantity=-LARGEST_AMOUNT / 100, trading_day=None, market_time=MICROSECONDS)
    with undone():
        sql.insert(Order, [row])
        order = Order.objects.get(pk=row["id"])
        assert (order.limit_price, order.quantity, order.trading_day) == (EVERY_DIGIT, -LARGEST_AMOUNT / 100, None)
        assert (order.detail, order.actor_id, order.market_time) == (data, None, MICROSECONDS)


def test_times_of_other_zones_are_the_same_instant(desk: Desk) -> None:
    local = MICROSECONDS.astimezone(timezone(timedelta(hours=8)))
    row = journal_row(desk, market_time=local)
    with undone():
        sql.insert(Journal, [row])
        assert Journal.objects.get(pk=row["id"]).market_time == MICROSECONDS


def test_many_rows_keep_their_own_values(desk: Desk) -> None:
    rows = [journal_row(desk, request_id=name) for name in ("first", "second")]
    with undone():
        sql.insert(Journal, rows)
        found = Journal.objects.filter(id__in=[row["id"] for row in rows]).values_list("id", "request_id")
        assert set(found) == {(row["id"], row["request_id"]) for row in rows}


@contextmanager
def undone() -> Iterator[None]:
    """Half of something, which could not stay."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_no_rows_are_no_statement(django_assert_num_queries: object) -> None:
    before = OrderEvent.objects.count()
    sql.insert(OrderEvent, [])
    assert OrderEvent.objects.count() == before


def test_reserved_ids_ascend_and_are_the_models_own() -> None:
    counts = {Order: 3, Fill: 0, Entry: 2, Journal: 1}
    ids = {model: list(found) for model, found in sql.read_ids(sql.execute(*sql.ids_statement(counts)), counts).items()}
    assert {model: len(found) for model, found in ids.items()} == counts
    assert ids[Order] == sorted(set(ids[Order]))
    again = next(sql.read_ids(sql.execute(*sql.ids_statement({Order: 1})), {Order: 1})[Order])
    assert again > max(ids[Order])
