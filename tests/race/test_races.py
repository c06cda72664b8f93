"""Cancel against fill, two closes of one lot, two orders for the last of the margin.

Each race begins with its negative control: without the account lock both commands decide on the same figures, and either the books are wrong or
PostgreSQL's own guards had to stop it. With the lock one of the two sees what the other did.
"""

from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError

from orders.enums import Effect, OrderStatus, Reason, Side
from orders.exceptions import EvaluationIncomplete
from orders.models import Fill
from orders.services import resting
from orders.services.cancellation import cancel_orders
from orders.services.placement import place_orders
from quotes.domain.ticks import Tick
from quotes.models import LatestQuote
from tests.factories.books import assert_books_are_right, broken_invariants
from tests.factories.desk import Desk, funds, order
from tests.race.threads import together

ROUNDS = 8  # a race that a lock does not prevent shows itself in the first few


def unseen_tick(desk: Desk, bid: str, ask: str) -> Tick:
    """Recorded, and not yet compared with resting orders."""
    desk.quote(bid, ask, evaluate=False)
    quote = LatestQuote.objects.get(market=desk.market, instrument=desk.gold)
    return Tick(quote.seq, quote.time, quote.bid, quote.ask, received_at=quote.received_at)


def race_is_visible(results: list[Any]) -> bool:
    """Without the lock: wrong books, or the database refused one of the two."""
    return bool(broken_invariants()) or any(isinstance(result, DatabaseError) for result in results)


def evaluated(desk: Desk, ticks: list[Tick], leader_epoch: int | None = None) -> int:
    """How many were filled; an account that the other one of the two holds is left for later, so none."""
    try:
        return resting.evaluate(desk.market.pk, desk.gold.pk, ticks, "test", leader_epoch=leader_epoch)
    except EvaluationIncomplete:
        return 0


def cancel_and_fill(desk: Desk) -> tuple[int, list[Any]]:
    account = desk.account("100000")
    desk.quote("2000.00", "2000.50")
    order_id = desk.buy(account, 1, "1995.00").order_id
    assert order_id is not None
    desk.quote("2000.00", "2000.50")  # taken up
    tick = unseen_tick(desk, "1990.00", "1990.50")
    results = together(
        desk,
        lambda: cancel_orders([order_id])[0],
        lambda: evaluated(desk, [tick]),
    )
    return order_id, results


def test_without_the_lock_a_cancel_and_a_fill_of_one_order_both_go_ahead(
    committed_desk: Desk, unlocked: None, caplog: pytest.LogCaptureFixture
) -> None:
    _, results = cancel_and_fill(committed_desk)
    # evaluation goes on when the database refuses a fill, and says so
    assert race_is_visible(results) or "an order cannot be filled" in caplog.text, results


def test_an_order_is_either_canceled_or_filled(committed_desk: Desk) -> None:
    for _ in range(ROUNDS):
        order_id, (cancel, filled) = cancel_and_fill(committed_desk)
        assert (cancel.status, filled) in {(OrderStatus.CANCELED, 0), (OrderStatus.FILLED, 1)}, (cancel, filled)
        assert Fill.objects.filter(order_id=order_id).count() == filled
        assert_books_are_right()


def close_twice(desk: Desk) -> tuple[Any, list[Any]]:
    account = desk.account("100000")
    desk.buy(account, 1)
    requests = [desk.request(account, Side.SELL, 1, effect=Effect.CLOSE) for _ in range(2)]
    return account, together(desk, *(lambda r=r: place_orders([r])[0] for r in requests))


def test_without_the_lock_one_lot_is_closed_twice(committed_desk: Desk, unlocked: None) -> None:
    _, results = close_twice(committed_desk)
    assert race_is_visible(results), results


def test_one_lot_is_closed_once(committed_desk: Desk) -> None:
    for _ in range(ROUNDS):
        account, results = close_twice(committed_desk)
        assert sorted(o.status for o in results) == [OrderStatus.DENIED, OrderStatus.FILLED]
        assert next(o for o in results if o.is_denied).reason == Reason.CLOSABLE_EXCEEDED
        assert funds(account).margin == 0
        assert_books_are_right()


def spend_the_last_margin_twice(desk: Desk) -> tuple[Any, list[Any]]:
    account = desk.account("15000")  # one lot takes 10,007.50
    requests = [desk.request(account, Side.BUY, 1, "1900.00") for _ in range(2)]
    return account, together(desk, *(lambda r=r: place_orders([r])[0] for r in requests))


def test_without_the_lock_the_last_of_the_margin_is_frozen_twice(committed_desk: Desk, unlocked: None) -> None:
    _, results = spend_the_last_margin_twice(committed_desk)
    assert race_is_visible(results), results


def test_the_last_of_the_margin_is_frozen_once(committed_desk: Desk) -> None:
    for _ in range(ROUNDS):
        account, results = spend_the_last_margin_twice(committed_desk)
        assert sorted(o.status for o in results) == [OrderStatus.DENIED, OrderStatus.WORKING]
        assert next(o for o in results if o.is_denied).reason == Reason.INSUFFICIENT_FUNDS
        assert funds(account).frozen_margin == Decimal("9500.00")
        assert_books_are_right()


def test_the_same_order_sent_twice_at_once_is_placed_once(committed_desk: Desk) -> None:
    account = committed_desk.account("100000")
    request = committed_desk.request(account, Side.BUY, 1)
    first, second = together(committed_desk, lambda: place_orders([request])[0], lambda: place_orders([request])[0])
    assert first.order_id == second.order_id
    assert {first.replayed, second.replayed} == {True, False}
    assert order(first).status == OrderStatus.FILLED
    assert_books_are_right()


@pytest.mark.parametrize("reverse", [False, True])
def test_batches_that_name_the_same_accounts_in_other_orders_do_not_deadlock(committed_desk: Desk, reverse: bool) -> None:
    accounts = [committed_desk.account("100000") for _ in range(6)]
    other = accounts[::-1] if reverse else accounts
    results = together(
        committed_desk,
        lambda: place_orders([committed_desk.request(a, Side.BUY) for a in accounts]),
        lambda: place_orders([committed_desk.request(a, Side.SELL) for a in other]),
    )
    assert all(o.status == OrderStatus.FILLED for outcomes in results for o in outcomes), results
    assert_books_are_right()
