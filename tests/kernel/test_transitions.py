"""A state machine is its table: every pair of status and event, the absent ones too, in Python and in PostgreSQL."""

from collections.abc import Callable
from itertools import product

import pytest

from accounts.domain.transitions import FREEZE, STANDING
from accounts.models import Account
from orders.domain.transitions import ORDER, RESTING
from orders.enums import OrderAction, OrderStatus
from settlement.domain.transitions import RUN
from settlement.models import SettlementRun
from tests.factories.desk import Desk
from tests.kernel.raw import refusal
from tests.kernel.raw_orders import reached
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


@pytest.mark.django_db
@pytest.mark.parametrize("status", OrderStatus.values)
def test_postgresql_lets_an_order_begin_as_placed_or_denied_only(desk: Desk, status: str) -> None:
    [order] = reached(desk, desk.account("100000"), "PLACED").writes
    order.rows[0]["status"] = status
    # What it began as it cannot remain: without its events nothing stays.
    assert refusal([order.statement]) == {"PLACED": "DK011 ORDER_HALF_WAY", "DENIED": "DK011 ORDER_NOT_AS_TOLD"}.get(
        status, "DK002 INVALID_TRANSITION"
    )


def account_of(desk: Desk, status: str) -> tuple[str, int]:
    account = desk.account("1000")
    Account.objects.filter(pk=account.pk).exclude(status=status).update(status=status)
    return "accounts_account", account.pk


def run_of(desk: Desk, status: str) -> tuple[str, int]:
    run = SettlementRun.objects.create(market=desk.market, trading_day=desk.at.date(), started_at=desk.at)
    SettlementRun.objects.filter(pk=run.pk).exclude(status=status).update(status=status)
    return "settlement_settlementrun", run.pk


ELSEWHERE = [
    *((STANDING, account_of, before, after) for before, after in product(("ACTIVE", "SUSPENDED"), ("ACTIVE", "SUSPENDED", "CLOSED", "GONE"))),
    *((RUN, run_of, before, after) for before, after in product(("RUNNING", "DONE"), ("RUNNING", "DONE", "GONE"))),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("table", "row", "before", "after"), ELSEWHERE, ids=lambda value: getattr(value, "name", getattr(value, "__name__", value)))
def test_postgresql_allows_exactly_the_changes_of_the_table(desk: Desk, table: TransitionTable, row: Callable, before: str, after: str) -> None:
    name, pk = row(desk, before)
    answer = refusal([(f"UPDATE {name} SET status = %s WHERE id = %s", [after, pk])])
    assert answer == (None if before == after or (before, after) in table.pairs else "DK002 INVALID_TRANSITION")


@pytest.mark.django_db
def test_the_guard_of_another_table_is_generated_the_same_way() -> None:
    light = TransitionTable(name="light", initial=frozenset({"RED"}), rows={("RED", "GO"): "GREEN", ("GREEN", "STOP"): "RED"})
    statements = " ".join(light.guard_sql("lights"))
    assert "('GREEN', 'RED'), ('RED', 'GREEN')" in statements
    assert "NOT IN ('RED')" in statements
