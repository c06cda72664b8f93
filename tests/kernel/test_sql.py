"""Rows go in as one JSON parameter and come out exactly as they were: no digit, no microsecond, no null is lost."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from accounts.models import Entry, Journal
from orders.models import Fill, Order, OrderEvent
from quotes.models import Bar
from tests.factories.desk import Desk
from tradingdesk.kernel import sql

pytestmark = pytest.mark.django_db
D = Decimal
EVERY_DIGIT = D("12345678901234.123456")
LARGEST_AMOUNT = D("999999999999999999.99")
MICROSECONDS = datetime(2026, 3, 2, 23, 59, 59, 999_999, tzinfo=UTC)


def event_row(order: Order, **values: object) -> dict[str, object]:
    row = {"order_id": order.pk, "account_id": order.account_id, "fill_id": None, "step": "CANCELED", "status": "CANCELED", "data": {}}
    row |= {"account_version": None, "balance_after": None, "frozen_after": None, "margin_after": None, "actor_id": None, "request_id": ""}
    return {**row, "market_time": MICROSECONDS, "recorded_at": MICROSECONDS, **values}


@pytest.fixture
def resting(desk: Desk) -> Order:
    return Order.objects.get(pk=desk.buy(desk.account(), 1, "1900.00").order_id)


def test_every_digit_of_a_price_is_kept(desk: Desk) -> None:
    prices = {f"{side}_{point}": EVERY_DIGIT for side in ("bid", "ask") for point in ("open", "high", "low", "close")}
    row = {"market_id": desk.market.pk, "instrument_id": desk.gold.pk, "start": MICROSECONDS, "trading_day": date(2026, 3, 2), "ticks": 1}
    trade = {f"trade_{point}": None for point in ("open", "high", "low", "close")}
    sql.insert(Bar, [{**row, **prices, **trade, "volume": D("0.0001")}])
    bar = Bar.objects.get(start=MICROSECONDS)
    assert (bar.bid_open, bar.ask_close, bar.volume, bar.trade_open) == (EVERY_DIGIT, EVERY_DIGIT, D("0.0001"), None)
    assert (bar.start, bar.trading_day) == (MICROSECONDS, date(2026, 3, 2))


def test_amounts_nulls_json_and_microseconds_are_kept(resting: Order) -> None:
    data = {"quote": 'a "word", a \\ and ü', "amount": "10002.50", "deep": {"list": [1, None, True]}, "sql": "%s ' ;--"}
    sql.insert(OrderEvent, [event_row(resting, data=data, balance_after=LARGEST_AMOUNT, frozen_after=-LARGEST_AMOUNT)])
    event = OrderEvent.objects.get(order=resting, step="CANCELED")
    assert (event.balance_after, event.frozen_after, event.margin_after) == (LARGEST_AMOUNT, -LARGEST_AMOUNT, None)
    assert (event.data, event.fill_id, event.recorded_at) == (data, None, MICROSECONDS)


def test_times_of_other_zones_are_the_same_instant(resting: Order) -> None:
    local = MICROSECONDS.astimezone(timezone(timedelta(hours=8)))
    sql.insert(OrderEvent, [event_row(resting, market_time=local)])
    assert OrderEvent.objects.get(order=resting, step="CANCELED").market_time == MICROSECONDS


def test_many_rows_keep_their_own_values(desk: Desk, resting: Order) -> None:
    other = Order.objects.get(pk=desk.buy(resting.account, 1, "1901.00").order_id)
    sql.insert(OrderEvent, [event_row(resting, request_id="first"), event_row(other, request_id="second")])
    found = OrderEvent.objects.filter(step="CANCELED").values_list("order_id", "request_id")
    assert set(found) == {(resting.pk, "first"), (other.pk, "second")}


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
