"""What PostgreSQL refuses of orders and their event log, tried as desk_app with SQL alone. Each test: the same statement, right, is taken."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction

from orders.domain.steps import FILL_STEPS
from orders.enums import OrderStep
from orders.models import Fill, Order, OrderEvent
from orders.services.cancellation import cancel_orders
from tests.factories.desk import Desk
from tests.kernel.raw import code_of, copy_of

pytestmark = pytest.mark.django_db

NEXT = "nextval('orders_orderevent_id_seq')"
EVENT = f"""
INSERT INTO orders_orderevent (id, order_id, account_id, fill_id, step, status, data, request_id, market_time, recorded_at)
VALUES (coalesce(%s, {NEXT}), %s, %s, %s, %s, 'WORKING', '{{}}', '', now(), now())"""

Attempt = Callable[..., str | None]


def event(order_id: int, step: str, *, fill_id: int | None = None, id: int | None = None) -> str | None:
    """What PostgreSQL answers to one more event of an order."""
    account_id = Order.objects.get(pk=order_id).account_id
    return code_of(EVENT, [id, order_id, account_id, fill_id, step])


@pytest.fixture
def filled(desk: Desk) -> Fill:
    """The one fill of an order that was filled in full."""
    return Fill.objects.get(order_id=desk.buy(desk.account("100000"), 1).order_id)


@pytest.fixture
def working(desk: Desk) -> int:
    """An order that rests."""
    return desk.buy(desk.account("100000"), 1, "1900.00").order_id


@pytest.mark.parametrize("step", OrderStep.values)
def test_nothing_follows_an_order_that_was_filled_in_full(filled: Fill, step: str) -> None:
    fill_id = filled.pk if step in FILL_STEPS else None
    assert event(filled.order_id, step, fill_id=fill_id) in {"23505", "DK005"}


@pytest.mark.parametrize("step", OrderStep.values)
def test_a_step_names_its_fill_if_it_is_of_one(filled: Fill, working: int, step: str) -> None:
    wrong = None if step in FILL_STEPS else filled.pk
    assert event(filled.order_id, step, fill_id=wrong) in {"23514", "DK005"}
    assert event(working, step, fill_id=wrong) in {"23514", "DK005"}


@pytest.mark.parametrize("step", FILL_STEPS)
def test_a_fill_of_another_order_is_refused(filled: Fill, working: int, step: str) -> None:
    assert event(working, step, fill_id=filled.pk) == "DK005"


def test_a_working_order_may_be_canceled_or_expire_next(working: int) -> None:
    assert event(working, "CANCELED") is None
    assert event(working, "EXPIRED") is None


def test_a_working_order_may_be_matched_with_a_fill_of_its_own_and_no_step_is_skipped(filled: Fill, working: int) -> None:
    filled.pk, filled.order_id = None, working
    filled.save(force_insert=True)
    assert event(working, "MATCHED", fill_id=filled.pk) is None
    for step in FILL_STEPS[1:]:
        assert event(working, step, fill_id=filled.pk) == "DK005"


def test_a_step_between_earlier_ones_is_refused(desk: Desk) -> None:
    accounts = [desk.account("100000") for _ in range(2)]
    free = cancelled_with_a_gap(desk, accounts)
    order_id = Order.objects.get(account=accounts[0]).pk
    assert event(order_id, "EXPIRED", id=free) == "DK005"
    working = Order.objects.get(account=accounts[1]).pk
    assert event(working, "CANCELED", id=free) == "DK005"  # before its own beginning
    assert event(working, "CANCELED") is None


def cancelled_with_a_gap(desk: Desk, accounts: list) -> int:
    """An event id that nobody has used, between the first order's RESTED and CANCELED, and before the second order's events."""
    first = desk.buy(accounts[0], 1, "1900.00")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {NEXT}")
        [free] = cursor.fetchone()
    desk.buy(accounts[1], 1, "1900.00")
    with desk.now():
        cancel_orders([first.order_id])
    return free


@pytest.mark.parametrize("step", ["PLACED", "FROZEN", "RESTED", "MATCHED", "FILLED", "CANCELED", "EXPIRED"])
def test_an_order_that_was_denied_goes_no_step_further(desk: Desk, filled: Fill, step: str) -> None:
    denied = desk.buy(desk.account("1000"), 1)
    filled.pk, filled.order_id = None, denied.order_id
    filled.save(force_insert=True)
    assert event(denied.order_id, step, fill_id=filled.pk if step in FILL_STEPS else None) == "DK005"


def test_an_order_that_was_placed_is_not_denied(working: int) -> None:
    assert event(working, "DENIED") == "DK005"


@pytest.mark.parametrize("step", OrderStep.values)
def test_nothing_follows_the_end_of_an_order(desk: Desk, filled: Fill, step: str) -> None:
    canceled = desk.buy(desk.account("100000"), 1, "1900.00", time_in_force="IOC").order_id
    filled.pk, filled.order_id = None, canceled
    filled.save(force_insert=True)
    assert event(canceled, step, fill_id=filled.pk if step in FILL_STEPS else None) in {"23505", "DK005"}


def test_what_is_missing_of_a_fill_does_not_follow_the_end(filled: Fill, working: int) -> None:
    filled.pk, filled.order_id = None, working
    filled.save(force_insert=True)
    account_id = Order.objects.get(pk=working).account_id
    with connection.cursor() as cursor:
        cursor.execute(EVENT, [None, working, account_id, filled.pk, "MATCHED"])
    assert event(working, "FILLED", fill_id=filled.pk) is None
    with connection.cursor() as cursor:
        cursor.execute(EVENT, [None, working, account_id, None, "CANCELED"])
    assert event(working, "FILLED", fill_id=filled.pk) == "DK005"


def test_steps_out_of_order_in_one_statement_are_refused(desk: Desk) -> None:
    order = Order.objects.get(pk=desk.buy(desk.account("1000"), 1).order_id)
    fresh = copy_of(order, "PLACED")
    placed, frozen = (f"({NEXT}, {fresh}, {order.account_id}, NULL, '{step}', 'PLACED', '{{}}', '', now(), now())" for step in ("PLACED", "FROZEN"))
    insert = EVENT.split("VALUES")[0]
    assert code_of(f"{insert} VALUES {placed}, {frozen}") is None
    assert code_of(f"{insert} VALUES {frozen}, {placed}") == "DK005"


def test_filled_in_part_cannot_be_called_filled(desk: Desk) -> None:
    resting = desk.buy(desk.account("100000"), 2, "1900.00")
    fill = "UPDATE orders_order SET status = 'FILLED', filled_quantity = %s WHERE id = %s"
    assert code_of(fill, [1, resting.order_id]) == "23514"
    assert code_of(fill, [2, resting.order_id]) is None


def test_a_client_order_id_is_used_once_in_an_account(desk: Desk) -> None:
    account = desk.account("100000")
    order = Order.objects.get(pk=desk.buy(account, 1, "1900.00").order_id)
    order.pk, order.status = None, "PLACED"
    with pytest.raises(IntegrityError, match="client_order_id"), transaction.atomic():
        order.save(force_insert=True)


@pytest.mark.parametrize("change", ["account_id = account_id + 1", "side = 'SELL'", "quantity = quantity + 1", "client_order_id = 'another'"])
def test_what_was_ordered_never_changes(working: int, change: str) -> None:
    assert code_of(f"UPDATE orders_order SET {change} WHERE id = %s", [working]) == "DK001"


def test_every_event_is_kept(working: int) -> None:
    assert code_of("DELETE FROM orders_orderevent WHERE order_id = %s", [working]) == "42501"
    assert OrderEvent.objects.filter(order_id=working).count() == 3
