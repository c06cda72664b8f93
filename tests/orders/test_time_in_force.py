"""How an order is met, rests and ends: type × time in force, cancel, expiry, and fills by ticks that came while nobody looked."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from accounts.models import Freeze
from accounts.services.states import lock_states
from orders.enums import Effect, OrderStatus, OrderType, Reason, TimeInForce
from orders.models import Fill, OrderEvent
from orders.services import resting
from orders.services.cancellation import cancel_orders, expire_day_orders
from quotes.enums import MarketClock
from quotes.models import FeeSchedule, Market
from quotes.selectors import calendars
from settlement.services.run import settle
from tests.factories.books import assert_books_are_right
from tests.factories.desk import MONDAY, Desk, funds, order
from tradingdesk.kernel.errors import NotFound

pytestmark = pytest.mark.django_db
D = Decimal
FILLED, WORKING, CANCELED = OrderStatus.FILLED, OrderStatus.WORKING, OrderStatus.CANCELED


@pytest.mark.parametrize(
    ("side", "limit", "time_in_force", "status", "price"),
    [
        # quoted 2000.00 / 2000.50
        ("BUY", None, "IOC", FILLED, "2000.50"),
        ("SELL", None, "IOC", FILLED, "2000.00"),
        ("BUY", "2000.50", "IOC", FILLED, "2000.50"),
        ("BUY", "2010.00", "IOC", FILLED, "2000.50"),  # at the quote, not at the limit
        ("BUY", "2000.49", "IOC", CANCELED, None),
        ("SELL", "2000.00", "IOC", FILLED, "2000.00"),
        ("SELL", "1990.00", "IOC", FILLED, "2000.00"),
        ("SELL", "2000.01", "IOC", CANCELED, None),
        ("BUY", "2000.50", "DAY", FILLED, "2000.50"),
        ("BUY", "2000.49", "DAY", WORKING, None),
        ("SELL", "2000.01", "DAY", WORKING, None),
        ("BUY", "2000.50", "GTC", FILLED, "2000.50"),
        ("BUY", "2000.49", "GTC", WORKING, None),
        ("SELL", "2000.01", "GTC", WORKING, None),
    ],
)
def test_type_and_time_in_force(desk: Desk, side: str, limit: str | None, time_in_force: str, status: str, price: str | None) -> None:
    account = desk.account("100000")
    outcome = desk.place([desk.request(account, side, 1, limit, time_in_force=time_in_force)])[0]
    assert (outcome.status, outcome.average_price) == (status, price and D(price))
    assert order(outcome).type == (OrderType.LIMIT if limit else OrderType.MARKET)
    assert_books_are_right()


def test_a_limit_now_or_never_gives_its_freeze_back(desk: Desk) -> None:
    account = desk.account("100000")
    outcome = desk.buy(account, 1, "1995.00", time_in_force=TimeInForce.IOC)
    assert (outcome.status, outcome.reason, outcome.message) == (CANCELED, Reason.NOT_FILLABLE, Reason.NOT_FILLABLE.label)
    freeze = Freeze.objects.get(order_id=outcome.order_id)
    assert (freeze.margin, freeze.released_margin, freeze.released_fee, freeze.status) == (D("9975.00"), D("9975.00"), D("5.00"), "RESOLVED")
    assert (funds(account).frozen, funds(account).balance, funds(account).version) == (0, D("100000.00"), 2)
    assert [e.step for e in order(outcome).events.all()] == ["PLACED", "FROZEN", "CANCELED"]
    assert_books_are_right()


def test_cancel_gives_back_what_is_frozen(desk: Desk) -> None:
    account = desk.account("100000")
    resting_order = desk.buy(account, 1, "1995.00")
    with desk.now():
        [outcome] = cancel_orders([resting_order.order_id], actor_id=desk.trader.pk, request_id="r-9")
    row = order(outcome)
    assert (outcome.status, outcome.replayed, row.reason) == (CANCELED, False, Reason.BY_CLIENT)
    assert (funds(account).frozen, funds(account).version) == (0, 3)
    event = row.events.get(step="CANCELED")
    assert (event.data["released_margin"], event.data["released_fee"], event.actor, event.request_id) == ("9975", "5", desk.trader, "r-9")
    assert_books_are_right()


def test_a_second_cancel_changes_nothing_and_says_so(desk: Desk) -> None:
    account = desk.account("100000")
    resting_order = desk.buy(account, 1, "1995.00")
    cancel_orders([resting_order.order_id])
    before = funds(account).version, OrderEvent.objects.count()
    [again] = cancel_orders([resting_order.order_id], reason=Reason.BY_DESK)
    assert (again.status, again.replayed, again.reason, again.message) == (CANCELED, True, Reason.BY_CLIENT, "The order is canceled already.")
    assert (funds(account).version, OrderEvent.objects.count()) == before


@pytest.mark.parametrize(("limit", "status"), [(None, FILLED), ("1999.995", OrderStatus.DENIED)])
def test_what_has_ended_cannot_be_canceled(desk: Desk, limit: str | None, status: str) -> None:
    account = desk.account("100000")
    ended = desk.buy(account, 1, limit)
    before = funds(account).version, OrderEvent.objects.count()
    [outcome] = cancel_orders([ended.order_id])
    assert (outcome.status, outcome.replayed) == (status, True)
    assert (funds(account).version, OrderEvent.objects.count()) == before


def test_an_unknown_order_cancels_none_of_them(desk: Desk) -> None:
    account = desk.account("100000")
    resting_order = desk.buy(account, 1, "1995.00")
    with pytest.raises(NotFound) as refusal:
        cancel_orders([resting_order.order_id, 999_999])
    assert (refusal.value.extra, order(resting_order).status) == ({"orders": [999_999]}, WORKING)


def test_several_are_canceled_in_the_order_asked_for(desk: Desk) -> None:
    accounts = [desk.account("100000") for _ in range(3)]
    ids = [desk.buy(account, 1, "1995.00").order_id for account in accounts for _ in range(2)]
    asked = [ids[4], ids[0], ids[5], ids[0]]
    outcomes = cancel_orders(asked)
    assert [o.order_id for o in outcomes] == asked
    assert {o.status for o in outcomes} == {CANCELED}
    assert [funds(account).version for account in accounts] == [4, 3, 5]
    assert cancel_orders([]) == []
    assert_books_are_right()


def test_whoever_watches_is_told_after_commit(desk: Desk, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any) -> None:
    sent: list[Any] = []
    monkeypatch.setattr("tradingdesk.kernel.dispatch.publish", lambda messages: sent.extend(messages.values()))
    account = desk.account("100000")
    with django_capture_on_commit_callbacks(execute=True):
        resting_order = desk.buy(account, 1, "1995.00")
    with django_capture_on_commit_callbacks(execute=True):
        desk.quote("1990.00", "1990.50")
    with django_capture_on_commit_callbacks(execute=True):
        cancel_orders([resting_order.order_id])  # filled already: nothing new to tell
    told = [message["version"] for message in sent if isinstance(message, dict) and message.get("account") == account.pk]
    assert told == [2, 3] == [funds(account).version - 1, funds(account).version]


def test_a_closing_order_freezes_the_lots_so_that_no_second_one_closes_them(desk: Desk) -> None:
    account = desk.account("100000")
    desk.buy(account, 2)
    first = desk.close_long(account, 2, "2100.00")
    freeze = Freeze.objects.get(order_id=first.order_id)
    assert (first.status, freeze.is_closing, freeze.side, freeze.quantity, freeze.margin, freeze.fee) == (WORKING, True, "LONG", 2, 0, 10)
    second = desk.close_long(account, 1)
    assert (second.reason, second.detail) == (Reason.CLOSABLE_EXCEEDED, {"quantity": "1", "closable": "0", "side": "LONG"})
    cancel_orders([first.order_id])
    assert desk.close_long(account, 2).status == FILLED
    assert_books_are_right()


def test_lots_opened_after_a_close_was_frozen_do_not_stand_in_its_way(desk: Desk) -> None:
    account = desk.account("100000")
    desk.buy(account, 1)
    closing = desk.close_long(account, 1, "2010.00")
    desk.buy(account, 1)
    desk.quote("2010.00", "2010.50")
    assert order(closing).status == FILLED
    assert_books_are_right()


def test_lots_of_today_close_at_the_close_today_fee_and_older_ones_at_the_other(desk: Desk) -> None:
    FeeSchedule.objects.update(close_per_lot=D("7.00"), close_today_per_lot=D("1.00"))
    account = desk.account("100000")
    desk.buy(account, 2)
    desk.quote("2000.00", "2000.50")
    with desk.now():
        settle(desk.market.pk)
    desk.quote("2000.00", "2000.50", seconds=86_400)
    desk.buy(account, 1)
    close = desk.close_long(account, 3)
    freeze = Freeze.objects.get(order_id=close.order_id)
    # 2 × 7.00 of yesterday's and 1 × 1.00 of today's; settled at 2000.25, so −0.25 × 100 × 2 and −0.50 × 100
    assert (order(close).fees, freeze.captured_fee, order(close).realised_pnl) == (D("15.00"), D("15.00"), D("-100.00"))
    assert_books_are_right()


def test_a_close_placed_today_and_filled_tomorrow_pays_for_older_lots(desk: Desk) -> None:
    FeeSchedule.objects.update(close_per_lot=D("7.00"), close_today_per_lot=D("1.00"))
    account = desk.account("100000")
    desk.buy(account, 1)
    closing = desk.close_long(account, 1, "2050.00")
    assert funds(account).frozen_fee == D("1.00")
    with desk.now():
        settle(desk.market.pk)
    desk.quote("2050.00", "2050.50", seconds=86_400)
    assert (order(closing).fees, funds(account).frozen_fee) == (D("7.00"), 0)
    assert_books_are_right()


def test_a_day_order_is_not_filled_on_the_next_day_though_nobody_settled(desk: Desk) -> None:
    account = desk.account("100000")
    for_today = desk.buy(account, 1, "1995.00", time_in_force=TimeInForce.DAY)
    for_good = desk.buy(account, 1, "1995.00", time_in_force=TimeInForce.GTC)
    assert desk.quote("1990.00", "1990.50", seconds=86_400) == 1
    assert (order(for_today).status, order(for_good).status) == (OrderStatus.EXPIRED, FILLED)
    assert Fill.objects.get().trading_day == MONDAY.date() + timedelta(days=1)
    assert_books_are_right()


def test_a_day_order_is_filled_by_a_tick_of_its_day_that_is_looked_at_on_the_next(desk: Desk) -> None:
    account = desk.account("100000")
    for_today = desk.buy(account, 1, "1995.00", time_in_force=TimeInForce.DAY)
    desk.quote("1994.00", "1994.50", evaluate=False)
    desk.quote("1990.00", "1990.50", evaluate=False, seconds=86_400)
    assert resting.evaluate(desk.market.pk, desk.gold.pk, [], "test") == 1
    fill = Fill.objects.get(order_id=for_today.order_id)
    assert (fill.price, fill.trading_day) == (D("1994.50"), MONDAY.date())


def test_expiry_is_for_day_orders_of_days_gone_by(desk: Desk) -> None:
    account = desk.account("100000")
    for_today = desk.buy(account, 1, "1995.00", time_in_force=TimeInForce.DAY)
    for_good = desk.buy(account, 1, "1995.00", time_in_force=TimeInForce.GTC)
    for day in (MONDAY.date() - timedelta(days=1), MONDAY.date(), MONDAY.date()):
        with transaction.atomic():
            locked = lock_states([account.pk])
            expire_day_orders(list(locked.states.values()), day, locked)
        expected = OrderStatus.EXPIRED if day == MONDAY.date() else WORKING
        assert order(for_today).status == expected
    assert (order(for_today).status, order(for_good).status) == (OrderStatus.EXPIRED, WORKING)
    assert [e.step for e in order(for_today).events.all()] == ["PLACED", "FROZEN", "RESTED", "EXPIRED"]
    assert funds(account).frozen == D("9980.00")
    assert_books_are_right()


def test_ticks_that_nobody_evaluated_fill_a_new_order_later_at_the_first_that_crosses(desk: Desk) -> None:
    account = desk.account("100000")
    desk.quote("1980.00", "1980.50", evaluate=False)  # before the order: not for it
    desk.quote("2000.00", "2000.50", evaluate=False)
    waiting = desk.buy(account, 1, "1990.00")
    for bid, ask in (("1995.00", "1995.50"), ("1989.00", "1989.50"), ("1985.00", "1985.50")):
        desk.quote(bid, ask, evaluate=False)
    assert resting.evaluate(desk.market.pk, desk.gold.pk, [], "test") == 1
    assert order(waiting).average_price == D("1989.50")
    assert resting.evaluate(desk.market.pk, desk.gold.pk, [], "test") == 0
    assert_books_are_right()


def test_a_new_order_is_taken_up_once_it_has_been_compared(desk: Desk) -> None:
    waiting = desk.buy(desk.account("100000"), 1, "1990.00")
    assert order(waiting).taken_up is False
    assert resting.evaluate(desk.market.pk, desk.gold.pk, [], "test") == 0
    assert order(waiting).taken_up is True


def test_orders_fill_in_the_order_of_the_ticks_that_cross_them(desk: Desk) -> None:
    account = desk.account("1000000")
    low, high = desk.buy(account, 1, "1990.00"), desk.buy(account, 1, "1998.00")
    for bid, ask in (("1997.00", "1997.50"), ("1989.00", "1989.50")):
        desk.quote(bid, ask, evaluate=False)
    assert resting.evaluate(desk.market.pk, desk.gold.pk, [], "test") == 2
    fills = list(Fill.objects.order_by("id"))
    assert [(f.order_id, f.price) for f in fills] == [(high.order_id, D("1997.50")), (low.order_id, D("1989.50"))]
    assert_books_are_right()


def test_a_crossing_tick_outside_the_session_fills_nothing(desk: Desk) -> None:
    waiting = desk.buy(desk.account("100000"), 1, "1990.00")
    desk.calendar.windows.all().delete()
    calendars.forget()
    assert desk.quote("1980.00", "1980.50") == 0
    assert order(waiting).status == WORKING


def test_a_resting_close_fills_though_the_account_is_under_water(desk: Desk) -> None:
    account = desk.account("10107.50")
    desk.buy(account, 1)
    closing = desk.close_long(account, 1, "2001.00")
    desk.quote("1910.00", "1910.50")
    desk.quote("2001.00", "2001.50")
    assert order(closing).status == FILLED
    assert_books_are_right()


def test_a_short_is_closed_by_buying(desk: Desk) -> None:
    account = desk.account("100000")
    desk.sell(account, 1)
    desk.quote("1990.00", "1990.50")
    closing = desk.buy(account, 1, effect=Effect.CLOSE)
    # (2000.00 − 1990.50) × 100
    assert (order(closing).realised_pnl, funds(account).margin) == (D("950.00"), 0)
    assert_books_are_right()


def test_in_a_market_of_its_feeds_time_days_and_fills_follow_the_ticks(desk: Desk) -> None:
    Market.objects.update(clock=MarketClock.FEED)
    account = desk.account("100000")
    recorded = desk.at
    desk.at = recorded + timedelta(days=4_000)  # the wall clock has nothing to do with the recorded day …
    type(desk.gold.listings.get()).objects.update(max_quote_age_seconds=10**9)
    outcome = desk.buy(account, 1)
    row = order(outcome)
    assert (row.status, row.trading_day, row.market_time) == (FILLED, MONDAY.date(), recorded)
    fill = Fill.objects.get(order=row)
    assert (fill.trading_day, fill.quote_time) == (date(2026, 3, 2), recorded)
    assert fill.recorded_at > recorded  # … and recorded_at is the database's own
