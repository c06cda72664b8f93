"""Two leaders of one stream: the former one, a few ticks behind, meets an order that was placed before the tick that crosses it and committed after.

The new leader has evaluated that tick already, so the order is still owed it. A former leader that takes the order up, without ticks, would make everybody
believe that it has seen all: the negative control, without an epoch, shows the order missing its tick.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread, current_thread, main_thread
from typing import Any

import pytest
from django.db import connection

from orders.enums import OrderStatus, Side
from orders.exceptions import EvaluationIncomplete
from orders.models import Fill, Order
from orders.services import recording, resting
from orders.services.placement import place_orders
from quotes.domain.ticks import Tick
from quotes.locks import NotLeading, StreamBusy
from quotes.models import LatestQuote
from quotes.selectors.streams import latest_tick
from quotes.services.ticks import mark_evaluated, record, take_lead
from tests.factories.books import assert_books_are_right
from tests.factories.desk import Desk
from tests.race.threads import together
from tradingdesk.kernel import clock

TIMEOUT_SECONDS = 20


@contextmanager
def placed_but_not_committed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """While the block runs, a buy at 1990.00 has been decided on and is not committed; afterwards it is."""
    request, reached, go_on = desk.request(desk.account(), Side.BUY, 1, "1990.00"), Event(), Event()
    original = recording.write

    def write(facts: Any) -> None:
        if current_thread() is not main_thread() and facts.placed:
            reached.set()
            go_on.wait(TIMEOUT_SECONDS)
        original(facts)

    def place() -> None:
        try:
            with clock.fixed(desk.at):
                place_orders([request])
        finally:
            connection.close()

    monkeypatch.setattr(recording, "write", write)
    thread = Thread(target=place)
    thread.start()
    assert reached.wait(TIMEOUT_SECONDS)
    try:
        yield
    finally:
        go_on.set()
        thread.join(TIMEOUT_SECONDS)


def next_tick(desk: Desk, bid: str, ask: str, epoch: int | None) -> int:
    """As a leader does it: recorded, then evaluated."""
    desk.quote(bid, ask, evaluate=False)
    tick = latest_tick(desk.market.pk, desk.gold.pk)
    assert tick is not None
    with desk.now():
        return resting.evaluate(desk.market.pk, desk.gold.pk, [tick], "test", leader_epoch=epoch)


def old_leader_meets_the_late_order(desk: Desk, monkeypatch: pytest.MonkeyPatch, old: int | None, new: int | None) -> Order:
    """The tick after the order's place crosses it; the order commits; the former leader evaluates what it had before; then ticks that do not cross."""
    former = latest_tick(desk.market.pk, desk.gold.pk)
    assert former is not None
    with placed_but_not_committed(desk, monkeypatch):
        assert next_tick(desk, "1980.00", "1980.50", new) == 0
    try:
        with desk.now():
            resting.evaluate(desk.market.pk, desk.gold.pk, [former], "test", leader_epoch=old)
    except NotLeading:
        assert old is not None
    next_tick(desk, "2001.00", "2001.50", new)
    return Order.objects.get()


def test_without_the_epoch_an_order_misses_the_tick_that_crosses_it(committed_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    late = old_leader_meets_the_late_order(committed_desk, monkeypatch, None, None)
    assert (late.status, late.taken_up, late.checked_seq) == (OrderStatus.WORKING, True, 1)  # tick 2 crossed it


def test_an_order_gets_its_tick_though_a_former_leader_met_it_first(committed_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = committed_desk
    old = take_lead(desk.market.pk, desk.gold.pk)
    new = take_lead(desk.market.pk, desk.gold.pk)
    late = old_leader_meets_the_late_order(desk, monkeypatch, old, new)
    assert (late.status, Fill.objects.get().quote_seq) == (OrderStatus.FILLED, 2)
    assert_books_are_right()


def test_recording_evaluating_and_taking_the_lead_at_once_never_deadlock(committed_desk: Desk) -> None:
    """Each in a loop of its own; PostgreSQL would end one of two that wait for each other, and `command` would say LockTimeout after three of these."""
    desk = committed_desk
    market, gold = desk.market.pk, desk.gold.pk
    accounts = [desk.account() for _ in range(4)]
    deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"

    def recording_ticks() -> None:
        for number in range(40):
            price = 1980 + number % 3
            record(market, gold, [Tick(0, desk.at, price, price)], "test")  # type: ignore[arg-type]

    def placing() -> None:
        for _ in range(15):
            place_orders([desk.request(account, Side.BUY, 1, "1990.00") for account in accounts])

    def evaluating() -> None:
        for _ in range(60):
            epoch = LatestQuote.objects.get(market=market).leader_epoch
            with suppress(NotLeading, StreamBusy, EvaluationIncomplete):
                resting.evaluate(market, gold, [], "test", leader_epoch=epoch)

    def leading() -> None:
        for number in range(40):
            epoch = take_lead(market, gold)
            mark_evaluated(market, gold, number, leader_epoch=epoch)

    results = together(desk, recording_ticks, placing, evaluating, evaluating, leading)
    assert [result for result in results if result is not None] == []
    with connection.cursor() as cursor:
        cursor.execute(deadlocks)
        assert cursor.fetchone() == (0,)
    assert_books_are_right()
