"""Resting orders when something is in the way: a busy account, an order that cannot be filled, a stream that is being changed."""

from time import monotonic

import pytest

from accounts.models import Account
from orders.enums import OrderStatus
from orders.exceptions import EvaluationIncomplete
from orders.models import Fill, Order
from orders.services import filling, resting
from orders.services.setbacks import Setbacks
from quotes.domain.dealing import STORED
from quotes.domain.ticks import Tick
from quotes.locks import NotLeading, StreamBusy
from quotes.models import LatestQuote
from quotes.models import Tick as TickRow
from quotes.services.ticks import take_lead
from tests.conftest import OwnDatabase
from tests.factories.books import assert_books_are_right
from tests.factories.desk import Desk, order
from tests.orders.trouble import Time, break_terms, held


def evaluate_stored(desk: Desk, after: int, leader_epoch: int | None = None) -> int:
    rows = TickRow.objects.filter(market=desk.market, seq__gt=after).order_by("seq")
    ticks = [Tick(t.seq, t.time, t.bid, t.ask, received_at=t.received_at) for t in rows]
    with desk.now():
        return resting.evaluate(desk.market.pk, desk.gold.pk, ticks, "test", leader_epoch=leader_epoch)


def resting_buys(desk: Desk, accounts: list[Account], limit: str = "1990.00") -> list[Order]:
    """Taken up, so that only crossing ticks find them."""
    orders = [order(outcome) for outcome in desk.place([desk.request(a, "BUY", 1, limit) for a in accounts])]
    desk.quote("2000.00", "2000.50")
    return orders


def statuses(orders: list[Order]) -> list[str]:
    return [Order.objects.get(pk=one.pk).status for one in orders]


def test_a_busy_account_stops_nobody_and_gets_its_tick_later(own_database: OwnDatabase, committed_desk: Desk) -> None:
    desk = committed_desk
    accounts = [desk.account() for _ in range(3)]
    orders = resting_buys(desk, accounts)
    began = monotonic()
    with held(own_database, "accounts_account", accounts[1].pk), pytest.raises(EvaluationIncomplete) as incomplete:
        desk.quote("1980.00", "1980.50")
    assert monotonic() - began < 2  # a lock timeout is three seconds, tried three times
    assert (incomplete.value.extra, incomplete.value.retryable) == ({"accounts": [accounts[1].pk], "filled": 2}, True)
    assert statuses(orders) == [OrderStatus.FILLED, OrderStatus.WORKING, OrderStatus.FILLED]
    desk.quote("1970.00", "1970.50", evaluate=False)
    assert evaluate_stored(desk, after=2) == 1
    assert Fill.objects.get(order=orders[1]).price == Fill.objects.get(order=orders[0]).price  # the tick that met it first: 1980.50
    assert evaluate_stored(desk, after=2) == 0
    assert_books_are_right()


def test_a_new_order_of_a_busy_account_is_not_taken_up(own_database: OwnDatabase, committed_desk: Desk) -> None:
    desk = committed_desk
    busy, free = desk.account(), desk.account()
    waiting = [order(desk.buy(busy, 1, "1990.00")), order(desk.buy(busy, 1, "1000.00")), order(desk.buy(free, 1, "1000.00"))]
    with held(own_database, "accounts_account", busy.pk), pytest.raises(EvaluationIncomplete):
        desk.quote("1980.00", "1980.50")
    # the first was left out; the others were compared, and for that no account is locked
    assert [Order.objects.get(pk=one.pk).taken_up for one in waiting] == [False, True, True]
    assert evaluate_stored(desk, after=1_000) == 1
    assert Fill.objects.get().quote_source == STORED


def test_accounts_whose_orders_do_not_cross_are_not_locked(own_database: OwnDatabase, committed_desk: Desk) -> None:
    desk = committed_desk
    far, near = desk.account(), desk.account()
    desk.buy(far, 1, "1000.00")
    desk.buy(near, 1, "1990.00")
    with held(own_database, "accounts_account", far.pk):
        assert desk.quote("1980.00", "1980.50") == 1


def test_the_orders_of_a_busy_account_keep_their_order(own_database: OwnDatabase, committed_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "BATCH", 1)
    desk = committed_desk
    account = desk.account()
    orders = [*resting_buys(desk, [account], "1980.00"), *resting_buys(desk, [account], "1990.00")]
    desk.quote("1985.00", "1985.50", evaluate=False)
    desk.quote("1975.00", "1975.50", evaluate=False)
    with held(own_database, "accounts_account", account.pk), pytest.raises(EvaluationIncomplete):
        evaluate_stored(desk, after=3)
    assert evaluate_stored(desk, after=3) == 2
    assert [fill.order_id for fill in Fill.objects.order_by("id")] == [orders[1].pk, orders[0].pk]  # by tick, not by order
    assert_books_are_right()


def test_an_order_that_cannot_be_filled_stands_alone_and_is_said_once(
    committed_desk: Desk, caplog: pytest.LogCaptureFixture, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = committed_desk
    orders = resting_buys(desk, [desk.account() for _ in range(5)])
    terms = orders[2].terms
    break_terms(orders[2])
    assert desk.quote("1980.00", "1980.50") == 4
    assert statuses(orders) == ["FILLED", "FILLED", "WORKING", "FILLED", "FILLED"]
    for _ in range(3):
        time.now += 1_000  # every pause is over
        assert desk.quote("1970.00", "1970.50") == 0
    assert sum("an order cannot be filled" in record.getMessage() for record in caplog.records) == 1
    assert not Order.objects.get(pk=orders[2].pk).taken_up  # what it is owed is in the table
    Order.objects.filter(pk=orders[2].pk).update(terms=terms)
    monkeypatch.setattr(resting, "setbacks", Setbacks())  # as a new process would find it
    assert desk.quote("1960.00", "1960.50") == 1
    assert {fill.price for fill in Fill.objects.all()} == {Fill.objects.first().price}  # type: ignore[union-attr]  # all at the tick that met them
    assert_books_are_right()


def test_an_order_in_trouble_is_tried_again_after_a_pause_at_the_tick_that_met_it(committed_desk: Desk, setbacks: Setbacks, time: Time) -> None:
    desk = committed_desk
    (one,) = resting_buys(desk, [desk.account()])
    terms = one.terms
    break_terms(one)
    assert desk.quote("1980.00", "1980.50") == 0
    Order.objects.filter(pk=one.pk).update(terms=terms)
    assert desk.quote("1970.00", "1970.50") == 0  # too early
    assert setbacks.is_waiting(one.pk)
    time.now += 1
    assert desk.quote("1960.00", "1960.50") == 1
    assert str(Fill.objects.get().price.normalize()) == "1980.5"
    assert not setbacks.is_waiting(one.pk)


def test_an_order_that_changed_since_it_was_found_is_looked_at_anew(committed_desk: Desk) -> None:
    desk = committed_desk
    (one,) = resting_buys(desk, [desk.account()])
    desk.quote("1980.00", "1980.50", evaluate=False)
    lead = resting.Lead(desk.market.pk, desk.gold.pk)
    ticks = [Tick(3, desk.at, *TickRow.objects.values_list("bid", "ask").get(seq=3))]
    quotes = [resting.Quote(t.seq, t.time, t.bid, t.ask, "test", t.time) for t in ticks]
    dealing = resting._dealing(lead)
    due = resting._due(resting._crossed(lead, quotes), resting._tape(lead, {}, quotes, dealing), dealing)
    Order.objects.filter(pk=one.pk).update(limit_price="1975.00")
    with desk.now():
        assert filling.fill_batch(due, lead) == (due, 0)
        assert resting.evaluate(desk.market.pk, desk.gold.pk, ticks, "test") == 0
    assert statuses([one]) == [OrderStatus.WORKING]


def test_nobody_waits_for_a_stream_that_is_being_changed(own_database: OwnDatabase, committed_desk: Desk) -> None:
    desk = committed_desk
    (one,) = resting_buys(desk, [desk.account()])
    epoch = take_lead(desk.market.pk, desk.gold.pk)
    desk.quote("1980.00", "1980.50", evaluate=False)
    began = monotonic()
    with held(own_database, "quotes_latestquote", LatestQuote.objects.get().pk), pytest.raises(StreamBusy) as busy:
        evaluate_stored(desk, after=2, leader_epoch=epoch)
    assert (busy.value.retryable, monotonic() - began < 2, statuses([one])) == (True, True, ["WORKING"])
    assert evaluate_stored(desk, after=2, leader_epoch=epoch) == 1


def test_a_former_leader_fills_nothing_and_takes_nothing_up(committed_desk: Desk) -> None:
    desk = committed_desk
    account = desk.account()
    (one,) = resting_buys(desk, [account])
    old = take_lead(desk.market.pk, desk.gold.pk)
    new = take_lead(desk.market.pk, desk.gold.pk)
    fresh = order(desk.buy(account, 1, "1000.00"))
    desk.quote("1980.00", "1980.50", evaluate=False)
    for after in (2, 1_000):  # with the crossing tick; with none, when there is only something to take up
        with pytest.raises(NotLeading):
            evaluate_stored(desk, after=after, leader_epoch=old)
    assert (statuses([one]), Order.objects.get(pk=fresh.pk).taken_up) == (["WORKING"], False)
    assert evaluate_stored(desk, after=2, leader_epoch=new) == 1
