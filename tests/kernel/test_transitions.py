"""A state machine is its table: every pair of status and event, the absent ones too, in Python and in PostgreSQL."""

from itertools import product

import pytest
from django.db import connection

from accounts.domain.transitions import FREEZE, STANDING
from orders.domain.transitions import ORDER, RESTING
from orders.enums import OrderAction, OrderStatus
from orders.models import Order
from tests.factories.desk import Desk
from tests.kernel.raw import code_of, copy_of
from tradingdesk.kernel.errors import InvalidTransition
from tradingdesk.kernel.transitions import TransitionTable

# Written out once more, by hand: the table of DESIGN §4 for market and limit orders.
EXPECTED = {
    ("PLACED", "FREEZE"): "FROZEN",
    ("FROZEN", "REST"): "WORKING",
    ("FROZEN", "FILL_PART"): "PARTIALLY_FILLED",
    ("FROZEN", "FILL_REST"): "FILLED",
    ("FROZEN", "CANCEL"): "CANCELED",
    ("WORKING", "FILL_PART"): "PARTIALLY_FILLED",
    ("WORKING", "FILL_REST"): "FILLED",
    ("WORKING", "CANCEL"): "CANCELED",
    ("WORKING", "EXPIRE"): "EXPIRED",
    ("PARTIALLY_FILLED", "FILL_PART"): "PARTIALLY_FILLED",
    ("PARTIALLY_FILLED", "FILL_REST"): "FILLED",
    ("PARTIALLY_FILLED", "CANCEL"): "CANCELED",
    ("PARTIALLY_FILLED", "EXPIRE"): "EXPIRED",
}


@pytest.mark.parametrize(("status", "event"), list(product(OrderStatus.values, OrderAction.values)))
def test_every_pair_of_status_and_event_of_an_order(status: str, event: str) -> None:
    if (status, event) in EXPECTED:
        assert ORDER.next_status(status, event) == EXPECTED[status, event]
        return
    with pytest.raises(InvalidTransition) as refusal:
        ORDER.next_status(status, event)
    assert refusal.value.extra == {"status": status, "event": event}


def test_enum_members_and_their_texts_are_the_same_key() -> None:
    assert ORDER.next_status(OrderStatus.WORKING, OrderAction.CANCEL) == ORDER.next_status("WORKING", "CANCEL") == OrderStatus.CANCELED


def test_terminal_statuses_are_those_that_nothing_leaves() -> None:
    assert ORDER.terminal == {"DENIED", "FILLED", "CANCELED", "EXPIRED"}
    assert ORDER.statuses == set(OrderStatus.values)
    assert ORDER.initial == {"PLACED", "DENIED"}
    assert not RESTING & ORDER.terminal


def test_a_table_cannot_be_changed_afterwards() -> None:
    with pytest.raises(TypeError):
        ORDER.rows["FILLED", "CANCEL"] = "CANCELED"  # type: ignore[index]


@pytest.mark.parametrize(
    ("status", "action", "after"),
    [("ACTIVE", "SUSPEND", "SUSPENDED"), ("SUSPENDED", "REACTIVATE", "ACTIVE"), ("ACTIVE", "REACTIVATE", None), ("CLOSED", "REACTIVATE", None)],
)
def test_an_account_is_suspended_and_taken_back(status: str, action: str, after: str | None) -> None:
    if after is not None:
        assert STANDING.next_status(status, action) == after
        return
    with pytest.raises(InvalidTransition):
        STANDING.next_status(status, action)


def test_a_freeze_is_resolved_once() -> None:
    assert FREEZE.pairs == {("OPEN", "RESOLVED")}
    assert FREEZE.terminal == {"RESOLVED"}


def reach(order_id: int, wanted: str) -> None:
    """Walks the order from PLACED to a status along the table, with SQL, as a bug might."""
    paths: dict[str, list[str]] = {"PLACED": []}
    while wanted not in paths:
        paths |= {t: [*paths[s], t] for s, t in sorted(ORDER.pairs) if s in paths and t not in paths}
    with connection.cursor() as cursor:
        for status in paths[wanted]:
            filled = "quantity" if status == "FILLED" else "0"
            cursor.execute(f"UPDATE orders_order SET status = %s, filled_quantity = {filled} WHERE id = %s", [status, order_id])


@pytest.mark.django_db
def test_postgresql_allows_exactly_the_changes_of_the_table(desk: Desk) -> None:
    template = Order.objects.get(pk=desk.buy(desk.account(), 1, "1900.00").order_id)
    found = set()
    for before in OrderStatus.values:
        order_id = copy_of(template, before if before in ORDER.initial else "PLACED")
        if before not in ORDER.initial:
            reach(order_id, before)
        for after in OrderStatus.values:
            change = "UPDATE orders_order SET status = %s, filled_quantity = CASE WHEN %s = 'FILLED' THEN quantity ELSE 0 END WHERE id = %s"
            code = code_of(change, [after, after, order_id])
            assert code in {None, "DK002"}
            if code is None:
                found.add((before, after))
    assert found == ORDER.pairs | {(status, status) for status in OrderStatus.values}


@pytest.mark.django_db
def test_postgresql_lets_an_order_begin_as_placed_or_denied_only(desk: Desk) -> None:
    order = Order.objects.get(pk=desk.buy(desk.account(), 1, "1900.00").order_id)
    names = ", ".join(f'"{f.column}"' for f in Order._meta.concrete_fields if f.column not in {"id", "status", "client_order_id"})
    insert = f"""
    INSERT INTO orders_order (id, client_order_id, status, {names})
    SELECT nextval('orders_order_id_seq'), 'by hand', %s, {names} FROM orders_order WHERE id = %s"""
    codes = {status: code_of(insert, [status, order.pk]) for status in OrderStatus.values}
    assert codes == {status: None if status in ORDER.initial else "DK002" for status in OrderStatus.values}


@pytest.mark.django_db
def test_the_guard_of_another_table_is_generated_the_same_way() -> None:
    light = TransitionTable(name="light", initial=frozenset({"RED"}), rows={("RED", "GO"): "GREEN", ("GREEN", "STOP"): "RED"})
    statements = " ".join(light.guard_sql("lights"))
    assert "('GREEN', 'RED'), ('RED', 'GREEN')" in statements
    assert "NOT IN ('RED')" in statements
