"""Every pair of status and action, every step that comes alone: tried on PostgreSQL as desk_app with SQL alone; the legal is taken, the rest refused."""

from itertools import product

import pytest

from orders.domain.steps import FILL_STEPS, STATUS_AFTER
from orders.domain.transitions import ORDER
from orders.enums import OrderAction, OrderStatus, OrderStep
from orders.models import Fill, OrderEvent
from tests.factories.desk import MONDAY, Desk
from tests.kernel.raw import insert, next_id, refusal
from tests.kernel.raw_orders import reached

pytestmark = pytest.mark.django_db
RESTING = ("WORKING", "PARTIALLY_FILLED")
EVENT = {"data": "{}", "request_id": "", "market_time": MONDAY, "recorded_at": MONDAY}
PAIRS = list(product(OrderStatus.values, OrderAction.values))
# What an action that the table does not have runs into first: a second freeze or step, a status that cannot follow, an order that takes no fill.
REFUSALS = {
    "FREEZE": {"DK010 FREEZE_WITHOUT_ORDER", "23505 accounts_freeze_order_id_key"},
    "REST": {"DK002 INVALID_TRANSITION", "23505 orders_orderevent_once"},
    "FILL_PART": {"DK008 FILL_WITHOUT_ORDER"},
    "FILL_REST": {"DK008 FILL_WITHOUT_ORDER"},
    "CANCEL": {"DK002 INVALID_TRANSITION", "23505 orders_orderevent_once"},
    "EXPIRE": {"DK002 INVALID_TRANSITION", "23505 orders_orderevent_once"},
}


@pytest.mark.parametrize(("status", "action"), PAIRS)
def test_an_order_takes_an_action_exactly_where_the_table_has_it(desk: Desk, status: str, action: str) -> None:
    order = reached(desk, desk.account("100000"), status).apply(action).finish()
    answer = refusal(write.statement for write in order.whole)
    assert (answer is None) == ((status, action) in ORDER.rows)
    assert answer is None or answer in REFUSALS[action]


@pytest.mark.parametrize(("status", "action"), [(status, action) for status, action in PAIRS if status in RESTING])
def test_a_resting_order_goes_on_in_a_later_transaction_exactly_as_the_table_has_it(desk: Desk, status: str, action: str) -> None:
    order = reached(desk, desk.account("100000"), status).written().apply(action)
    assert (refusal(write.statement for write in order.whole) is None) == ((status, action) in ORDER.rows)


@pytest.mark.parametrize("action", ["FILL_PART", "FILL_REST", "CANCEL", "EXPIRE"])
@pytest.mark.parametrize("status", RESTING)
def test_and_never_without_its_events(desk: Desk, status: str, action: str) -> None:
    order = reached(desk, desk.account("100000"), status).written().apply(action)
    answer = refusal(write.statement for write in order.writes)
    assert answer in {"23503 orders_fill_walked_its_steps", "DK011 ORDER_NOT_AS_TOLD"}


@pytest.mark.parametrize("step", OrderStep.values)
@pytest.mark.parametrize("status", [status for status in OrderStatus.values if status not in {"PLACED", "FROZEN"}])
def test_no_step_of_an_order_comes_alone(desk: Desk, status: str, step: str) -> None:
    order = reached(desk, desk.account("100000"), status).written()
    fill = Fill.objects.filter(order_id=order.id).first() or other_fill(desk)
    row = {**EVENT, "id": next_id("orders_orderevent"), "order_id": order.id, "account_id": order.account.pk, "step": step}
    row |= {"fill_id": fill.pk if step in FILL_STEPS else None, "status": STATUS_AFTER[OrderStep(step)][-1]}
    assert refusal([insert("orders_orderevent", row)]) in {"DK005 STEP_OUT_OF_ORDER", "DK011 ORDER_NOT_AS_TOLD", "23505 orders_orderevent_once"}


@pytest.mark.parametrize("step", OrderStep.values)
def test_a_step_names_its_fill_if_it_is_of_one(desk: Desk, step: str) -> None:
    order, fill = reached(desk, desk.account("100000"), "WORKING").written(), other_fill(desk)
    row = {**EVENT, "id": next_id("orders_orderevent"), "order_id": order.id, "account_id": order.account.pk, "step": step}
    row |= {"fill_id": None if step in FILL_STEPS else fill.pk, "status": STATUS_AFTER[OrderStep(step)][-1]}
    assert refusal([insert("orders_orderevent", row)]) == "23514 orders_orderevent_fill_steps"


def other_fill(desk: Desk) -> Fill:
    """Of another order."""
    return Fill.objects.get(order_id=desk.buy(desk.account("100000"), 1).order_id)


def test_a_step_before_earlier_ones_is_refused(desk: Desk) -> None:
    free = next_id("orders_orderevent")
    order = reached(desk, desk.account("100000"), "WORKING").written().apply("CANCEL")
    ids = {row["step"]: row["id"] for row in order.events}
    order.events[0]["id"] = free
    assert refusal(write.statement for write in order.whole) == "DK005 STEP_OUT_OF_ORDER"
    order.events[0]["id"] = ids["CANCELED"]
    assert refusal(write.statement for write in order.whole) is None


def test_events_of_one_change_come_in_one_statement(desk: Desk) -> None:
    order = reached(desk, desk.account("100000"), "WORKING")
    halves = [insert("orders_orderevent", *order.events[:2]), insert("orders_orderevent", *order.events[2:])]
    assert refusal([*(write.statement for write in order.writes), *halves]) == "DK011 ORDER_NOT_AS_TOLD"


def test_a_client_order_id_is_used_once_in_an_account(desk: Desk) -> None:
    account = desk.account("100000")
    first, second = (reached(desk, account, "DENIED") for _ in range(2))
    second.writes[0].rows[0]["client_order_id"] = first.written().client_order_id
    assert refusal(write.statement for write in second.whole) == "23505 orders_order_client_order_id"


@pytest.mark.parametrize(
    "change", ["account_id = account_id + 1", "side = 'SELL'", "quantity = quantity + 1", "client_order_id = 'another'", "type = 'MARKET'"]
)
def test_what_was_ordered_never_changes(desk: Desk, change: str) -> None:
    order = reached(desk, desk.account("100000"), "WORKING").written()
    assert refusal([(f"UPDATE orders_order SET {change} WHERE id = %s", [order.id])]) == "DK001 FIXED"


def test_every_event_is_kept(desk: Desk) -> None:
    order = reached(desk, desk.account("100000"), "WORKING").written()
    assert refusal([("DELETE FROM orders_orderevent WHERE order_id = %s", [order.id])]) == "42501"
    assert OrderEvent.objects.filter(order_id=order.id).count() == 3
