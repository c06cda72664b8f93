"""Filled in parts: the house fills an order whole today, but freeze, lots, fees and log are made for parts, and hold them exactly."""

from decimal import Decimal

import pytest
from django.db import transaction

from accounts.models import Freeze, Lot
from accounts.services.states import lock_states
from orders.domain import execution
from orders.domain.facts import Facts
from orders.enums import OrderStatus
from orders.models import Fill, Order, OrderEvent
from orders.services import recording
from orders.services.cancellation import cancel_orders
from orders.services.loading import orders_statement, read_orders
from quotes.models import FeeSchedule, MarginSchedule
from tests.factories.books import assert_books_are_right
from tests.factories.desk import Desk, funds, make_desk
from tradingdesk.kernel import sql
from tradingdesk.kernel.errors import InvalidTransition

pytestmark = pytest.mark.django_db
D = Decimal


def fill_part(order_id: int, quantity: str, price: str) -> Facts:
    """One execution of a part of a resting order, recorded like any other."""
    order_row = Order.objects.get(pk=order_id)
    counts = recording.id_counts(0, 1, 5)
    with transaction.atomic():
        locked = lock_states([order_row.account_id], [order_row.instrument_id], extras=[orders_statement([order_id]), sql.ids_statement(counts)])
        facts = recording.facts_with_ids(locked.extras[1], counts, locked.recorded_at)
        [(order, freeze, _)] = read_orders(locked.extras[0])
        state, dealing = locked.states[order.account_id], locked.dealings[order.market_id, order.instrument_id]
        state.version += 1
        execution.fill(
            order,
            state,
            freeze,
            dealing,
            dealing.quote,
            quantity=D(quantity),
            price=D(price),
            day=order.trading_day,
            at=locked.recorded_at,
            facts=facts,
        )
        facts.stand(state)
        recording.write(facts)
    return facts


@pytest.fixture
def shanghai(db: None) -> Desk:
    """Gold as in rules/futures.md §5.3: 1,000 g, 10 %, no fees, quoted away from every limit."""
    desk = make_desk(symbol="AU", multiplier=1000, tick_size=D("0.02"))
    FeeSchedule.objects.update(open_per_lot=0, close_per_lot=0, close_today_per_lot=0)
    MarginSchedule.objects.update(rate=D("0.10"))
    return desk


def test_two_lots_at_500_one_filled_at_499_90_the_rest_canceled(shanghai: Desk) -> None:
    account = shanghai.account("200000")
    resting = shanghai.buy(account, 2, "500.00")
    assert (funds(account).frozen, funds(account).margin) == (D(100_000), D(0))
    fill_part(resting.order_id, "1", "499.90")
    assert (funds(account).frozen, funds(account).margin) == (D(50_000), D(49_990))
    assert Order.objects.get(pk=resting.order_id).status == OrderStatus.PARTIALLY_FILLED
    assert_books_are_right()
    with shanghai.now():
        [outcome] = cancel_orders([resting.order_id])
    assert (outcome.status, outcome.quantity, outcome.filled_quantity, outcome.average_price) == (OrderStatus.CANCELED, D(2), D(1), D("499.90"))
    assert (funds(account).frozen, funds(account).margin) == (D(0), D(49_990))
    freeze = Freeze.objects.get(order_id=resting.order_id)
    assert (freeze.status, freeze.captured_margin, freeze.released_margin, freeze.released_quantity) == ("RESOLVED", D(50_000), D(50_000), D(1))
    assert_books_are_right()


def test_each_part_walks_its_five_steps_and_leaves_its_own_lot(desk: Desk) -> None:
    account = desk.account("100000")
    resting = desk.buy(account, 3, "1900.00")
    # frozen 3 × 1900.00 × 100 × 5 % = 28,500.00 and 15.00
    for part, price in (("1", "1899.00"), ("1", "1898.00"), ("1", "1897.00")):
        fill_part(resting.order_id, part, price)
        assert_books_are_right()
    order = Order.objects.get(pk=resting.order_id)
    assert (order.status, order.filled_quantity, order.average_price, order.fees) == (OrderStatus.FILLED, D(3), D(1898), D("15.00"))
    assert [lot.open_price for lot in Lot.objects.filter(account=account).order_by("id")] == [D(1899), D(1898), D(1897)]
    assert (funds(account).frozen, funds(account).margin) == (D(0), D(9495 + 9490 + 9485))
    steps = list(OrderEvent.objects.filter(order=order, fill=None).values_list("step", flat=True))
    assert (steps, OrderEvent.objects.filter(order=order).exclude(fill=None).count()) == (["PLACED", "FROZEN", "RESTED"], 15)
    assert [event.status for event in order.events.filter(step="FILLED")] == ["PARTIALLY_FILLED", "PARTIALLY_FILLED", "FILLED"]


def test_a_part_of_an_ended_order_is_refused_and_nothing_moves(desk: Desk) -> None:
    account = desk.account("100000")
    resting = desk.buy(account, 2, "1900.00")
    cancel_orders([resting.order_id])
    before = funds(account)
    with pytest.raises(InvalidTransition):
        fill_part(resting.order_id, "1", "1899.00")
    after = funds(account)
    assert (after.version, after.balance, after.margin, Fill.objects.count()) == (before.version, before.balance, before.margin, 0)
