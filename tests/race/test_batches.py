"""Batches that meet: the same order twice, the same accounts in other orders. What single commands do to each other is in `test_pairs`."""

import pytest

from orders.enums import OrderStatus, Side
from orders.services.placement import place_orders
from tests.factories.books import assert_books_are_right
from tests.factories.desk import Desk, order
from tests.race.threads import together


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
