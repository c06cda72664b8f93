"""A batch is the primitive: its orders share an account's money, lots and claims, in order, and one order's refusal is its own."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from accounts.models import Freeze
from orders.enums import Effect, OrderStatus, Reason, Side
from orders.models import Order, OrderEvent
from orders.services.placement import place_orders
from quotes.models import FeeSchedule, Instrument, LatestQuote, Listing, MarginSchedule
from tests.factories.books import assert_books_are_right
from tests.factories.desk import Desk, funds, order
from tradingdesk.kernel.errors import NotFound

pytestmark = pytest.mark.django_db
D = Decimal


def with_silver(desk: Desk) -> Desk:
    """The same desk dealing in another instrument of its market: multiplier 1,000, margin 5 %, no fees, quoted 30.00 / 30.01."""
    silver = Instrument.objects.create(symbol="SILVER", name="Silver", multiplier=1000, tick_size=D("0.01"))
    FeeSchedule.objects.create(instrument=silver, effective_from=date(2000, 1, 1))
    MarginSchedule.objects.create(instrument=silver, effective_from=date(2000, 1, 1), rate=D("0.05"))
    Listing.objects.create(market=desk.market, instrument=silver, calendar=desk.calendar, max_jump_rate=0)
    other = replace(desk, gold=silver)
    other.quote("30.00", "30.01")
    return other


def test_no_requests_are_no_outcomes() -> None:
    assert place_orders([]) == []


def test_outcomes_come_in_the_order_of_the_requests_good_and_bad_together(desk: Desk) -> None:
    rich, poor, held = desk.account("100000"), desk.account("10"), desk.account("100000")
    requests = [
        desk.request(poor, Side.BUY, 1),
        desk.request(rich, Side.BUY, 1),
        desk.request(rich, Side.BUY, 1, "1999.995"),
        desk.request(held, Side.BUY, 1, "1900.00"),
        desk.request(held, Side.SELL, 1, effect=Effect.CLOSE),
        desk.request(rich, Side.SELL, 1, effect=Effect.CLOSE),
    ]
    outcomes = desk.place(requests)
    assert [o.client_order_id for o in outcomes] == [r.client_order_id for r in requests]
    assert [(o.status, o.reason) for o in outcomes] == [
        (OrderStatus.DENIED, Reason.INSUFFICIENT_FUNDS),
        (OrderStatus.FILLED, ""),
        (OrderStatus.DENIED, Reason.OFF_TICK),
        (OrderStatus.WORKING, ""),
        (OrderStatus.DENIED, Reason.CLOSABLE_EXCEEDED),
        (OrderStatus.FILLED, ""),
    ]
    # bought at 2000.50, sold at 2000.00, two fees of 5.00: −60.00
    assert (funds(rich).balance, funds(rich).margin, funds(poor).version) == (D("99940.00"), 0, 1)
    assert_books_are_right()


def test_a_lot_opened_by_one_order_is_closed_by_the_next_of_the_same_batch(desk: Desk) -> None:
    account = desk.account("100000")
    requests = [desk.request(account, Side.BUY, 2), desk.request(account, Side.SELL, 1, effect=Effect.CLOSE)]
    assert [o.status for o in desk.place(requests)] == [OrderStatus.FILLED, OrderStatus.FILLED]
    assert funds(account).version == 3  # the deposit and one per order
    assert_books_are_right()


def test_what_one_order_freezes_the_next_does_not_have(desk: Desk) -> None:
    # Each freezes 1900.00 × 100 × 5 % + 5.00 = 9,505.00; two leave 990.00.
    account = desk.account("20000")
    outcomes = desk.place([desk.request(account, Side.BUY, 1, "1900.00") for _ in range(3)])
    assert [o.status for o in outcomes] == [OrderStatus.WORKING, OrderStatus.WORKING, OrderStatus.DENIED]
    assert outcomes[2].detail["available"] == "990"
    assert funds(account).frozen == D("19010.00")
    assert_books_are_right()


def test_the_loss_on_another_instrument_still_counts_after_the_first_order(desk: Desk) -> None:
    # 10 lots of silver at 30.01, now bid 28.00: margin 15,005.00, floating (28.00 − 30.01) × 10 × 1,000 = −20,100.00.
    # 50,000.00 leave 14,895.00 available: one lot of gold (10,002.50 + 5.00) fits, and with its own −50.00 then 4,837.50 are left.
    silver = with_silver(desk)
    account = desk.account("50000")
    silver.buy(account, 10)
    silver.quote("28.00", "28.01")
    desk.at = silver.at
    first, second = desk.place([desk.request(account, Side.BUY, 1), desk.request(account, Side.BUY, 1)])
    assert first.status == OrderStatus.FILLED
    assert (second.status, second.reason, second.detail.get("available")) == (OrderStatus.DENIED, Reason.INSUFFICIENT_FUNDS, "4837.5")
    assert funds(account).floating_loss == D("20150.00")
    assert_books_are_right()


def test_a_batch_may_name_several_instruments(desk: Desk) -> None:
    silver = with_silver(desk)
    desk.at = silver.at
    account = desk.account("100000")
    outcomes = desk.place([desk.request(account, Side.BUY, 1), silver.request(account, Side.SELL, 1)])
    assert [o.average_price for o in outcomes] == [D("2000.50"), D("30.00")]
    # gold 2000.00 − 2000.50 and silver 30.00 − 30.01: −50.00 − 10.00
    assert funds(account).floating_loss == D("60.00")
    assert_books_are_right()


def test_the_same_request_twice_in_one_batch_is_one_order(desk: Desk) -> None:
    account = desk.account("100000")
    request = desk.request(account, Side.BUY, 1)
    first, second = desk.place([request, request])
    assert (first.order_id, first.replayed, second.replayed) == (second.order_id, False, True)
    assert Order.objects.filter(account=account).count() == 1
    assert_books_are_right()


def test_one_id_for_two_orders_of_a_batch_is_refused_the_second_time(desk: Desk) -> None:
    account = desk.account("100000")
    first, second = desk.place([desk.request(account, Side.BUY, n, client_order_id="same") for n in (1, 2)])
    assert (first.status, second.status, second.reason, second.order_id) == (OrderStatus.FILLED, OrderStatus.DENIED, Reason.DUPLICATE_ID, None)
    assert second.detail == {"client_order_id": "same", "order_id": first.order_id}
    assert funds(account).version == 2
    assert_books_are_right()


def test_one_id_may_be_used_in_two_accounts(desk: Desk) -> None:
    outcomes = desk.place([desk.request(desk.account(), Side.BUY, 1, client_order_id="same") for _ in range(2)])
    assert [o.status for o in outcomes] == [OrderStatus.FILLED, OrderStatus.FILLED]


def test_a_denied_order_replays_as_denied(desk: Desk) -> None:
    account = desk.account("10")
    first = desk.buy(account, 1, client_order_id="mine")
    again = desk.buy(account, 1, client_order_id="mine")
    assert (again.order_id, again.status, again.reason, again.detail, again.replayed) == (
        first.order_id,
        first.status,
        first.reason,
        first.detail,
        True,
    )
    assert Order.objects.filter(account=account).count() == 1


def test_a_replay_tells_the_state_of_now(desk: Desk) -> None:
    account = desk.account("100000")
    request = desk.request(account, Side.BUY, 1, "1995.00")
    assert desk.place([request])[0].status == OrderStatus.WORKING
    desk.quote("1990.00", "1990.50")
    again = desk.place([request])[0]
    assert (again.status, again.average_price, again.replayed) == (OrderStatus.FILLED, D("1990.50"), True)


def test_an_unknown_account_moves_nothing_of_the_whole_batch(desk: Desk) -> None:
    account = desk.account("100000")
    requests = [desk.request(account, Side.BUY, 1), desk.request(account, Side.BUY, 1, account_id=999_999)]
    with pytest.raises(NotFound) as refusal:
        desk.place(requests)
    assert refusal.value.extra == {"accounts": [999_999]}
    assert (Order.objects.count(), OrderEvent.objects.count(), Freeze.objects.count(), funds(account).version) == (0, 0, 0, 1)


def test_actor_source_and_request_id_travel_on_each_request(desk: Desk) -> None:
    account = desk.account("100000")
    outcomes = desk.place([desk.request(account, Side.BUY, 1, source=source, request_id=f"r-{source}") for source in ("page", "api")])
    for outcome, source in zip(outcomes, ("page", "api"), strict=True):
        placed = order(outcome)
        assert (placed.source, placed.request_id, placed.actor) == (source, f"r-{source}", desk.trader)
        assert {e.request_id for e in placed.events.all()} == {f"r-{source}"}


def test_prices_of_one_instrument_never_value_another(desk: Desk) -> None:
    silver = with_silver(desk)
    account = desk.account("100000")
    silver.buy(account, 1)
    LatestQuote.objects.filter(instrument=silver.gold).delete()
    desk.at = silver.at
    desk.buy(account, 1)
    assert funds(account).floating_loss == D("50.00")  # gold's own; silver without a quote counts at its basis
