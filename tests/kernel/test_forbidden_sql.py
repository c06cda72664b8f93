"""What PostgreSQL refuses of an order, tried as desk_app with SQL alone: an order written whole, by hand, is taken; each row of the table changes one thing
about it, and is refused by name. Then one row per pair of status and action, and what nobody may write at all.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from tests.factories.desk import MONDAY, Desk
from tests.kernel.raw import refusal
from tests.kernel.raw_orders import MARGIN, MOVE, Write, reached

pytestmark = pytest.mark.django_db
Writes = list[Write]
Change = Callable[[Writes], Writes]


def tried(writes: Writes) -> str | None:
    return refusal(write.statement for write in writes)


def without(*names: str) -> Change:
    """As if these had been forgotten."""
    return lambda writes: [write for write in writes if write.name not in names]


def saying(name: str, row: int = 0, **columns: Any) -> Change:
    """Other values in one row."""

    def change(writes: Writes) -> Writes:
        [found] = [write for write in writes if write.name == name]
        found.rows[row].update(columns)
        return writes

    return change


def then(*statements: str) -> Change:
    """More statements before the end, about {order}."""

    def change(writes: Writes) -> Writes:
        order = writes[0].rows[0]["id"]
        return [*writes, *(Write("more", other=(statement.format(order=order), ())) for statement in statements)]

    return change


def late(name: str) -> Change:
    """Written last, after the events."""
    return lambda writes: [*without(name)(writes), *(write for write in writes if write.name == name)]


def twice(name: str, **columns: Any) -> Change:
    """The same rows once more, at the end."""
    return lambda writes: [*writes, *(Write(name, [{**row, **columns} for row in write.rows]) for write in writes if write.name == name)]


def both(*changes: Change) -> Change:
    def change(writes: Writes) -> Writes:
        for one in changes:
            writes = one(writes)
        return writes

    return change


def without_step(step: str) -> Change:
    def change(writes: Writes) -> Writes:
        events = writes[-1]
        events.rows = [row for row in events.rows if row["step"] != step]
        return writes

    return change


def swapped_steps(first: str, second: str) -> Change:
    """Two steps in each other's place."""

    def change(writes: Writes) -> Writes:
        rows = {row["step"]: row for row in writes[-1].rows}
        rows[first]["id"], rows[second]["id"] = rows[second]["id"], rows[first]["id"]
        return writes

    return change


STEPS = ("PLACED", "FROZEN", "MATCHED", "FILLED", "RELEASED", "POSITIONED", "SETTLED")
TO_FILLED = "UPDATE orders_order SET status = '{}' WHERE id = {{order}}"

# (what is wrong, the order it is wrong about, the change, the refusal)
FORBIDDEN: tuple[tuple[str, str, Change, str], ...] = (
    # steps
    *((f"filled without {step}", "FILLED", without_step(step), "DK005 STEP_OUT_OF_ORDER") for step in STEPS[:-1]),
    ("filled without SETTLED", "FILLED", without_step("SETTLED"), "23503 orders_fill_walked_its_steps"),
    *((f"{b} before {a}", "FILLED", swapped_steps(a, b), "DK005 STEP_OUT_OF_ORDER") for a, b in pairwise(STEPS)),
    ("events once more", "FILLED", twice("events"), "23505 orders_orderevent_pkey"),
    ("a step says another status", "FILLED", saying("events", 3, status="WORKING"), "23514 orders_orderevent_status"),
    ("the last step says another status", "FILLED", saying("events", 6, status="PARTIALLY_FILLED"), "DK011 ORDER_NOT_AS_TOLD"),
    ("an event of another's account", "FILLED", saying("events", 3, account_id=0), "DK011 ORDER_NOT_AS_TOLD"),
    ("an event of no order", "WORKING", saying("events", 0, order_id=0), "DK005 STEP_OUT_OF_ORDER"),
    # half of an order
    ("no events at all", "WORKING", without("events"), "DK011 ORDER_NOT_AS_TOLD"),
    ("no events of a fill", "FILLED", without("events"), "DK011 ORDER_NOT_AS_TOLD"),
    ("left PLACED", "PLACED", without("events"), "DK011 ORDER_HALF_WAY"),
    ("left FROZEN", "FROZEN", without("events"), "DK011 ORDER_HALF_WAY"),
    ("left PLACED, and told so", "PLACED", without(), "DK011 ORDER_NOT_AS_TOLD"),
    ("left FROZEN, and told so", "FROZEN", without(), "DK011 ORDER_NOT_AS_TOLD"),
    ("born as working", "WORKING", saying("order", status="WORKING"), "DK002 INVALID_TRANSITION"),
    ("born with something filled", "WORKING", saying("order", filled_quantity=1), "DK001 BORN_EMPTY"),
    ("denied with a fee", "DENIED", saying("order", fees=1), "DK001 BORN_EMPTY"),
    ("a status nobody knows", "WORKING", saying("order", status="PARKED"), "DK002 INVALID_TRANSITION"),
    ("rests without freeze", "WORKING", both(without("freeze"), then()), "DK002 INVALID_TRANSITION"),
    ("called filled in part", "WORKING", then(TO_FILLED.format("PARTIALLY_FILLED")), "DK011 ORDER_NOT_AS_TOLD"),
    ("called filled", "WORKING", then(TO_FILLED.format("FILLED")), "23514 orders_order_filled_in_full"),
    ("cancelled in silence", "WORKING", then(TO_FILLED.format("CANCELED")), "DK011 ORDER_NOT_AS_TOLD"),
    # freezes
    ("a freeze of another quantity", "WORKING", saying("freeze", quantity=2), "DK010 FREEZE_WITHOUT_ORDER"),
    ("a freeze of the other side", "WORKING", saying("freeze", side="SHORT"), "DK010 FREEZE_WITHOUT_ORDER"),
    ("a freeze that closes for an order that opens", "WORKING", saying("freeze", is_closing=True), "DK010 FREEZE_WITHOUT_ORDER"),
    ("a freeze of another account", "WORKING", saying("freeze", account_id=0), "DK010 FREEZE_WITHOUT_ORDER"),
    ("a freeze captured from the start", "WORKING", saying("freeze", captured_margin=1), "DK001 BORN_EMPTY"),
    ("a freeze resolved from the start", "WORKING", saying("freeze", status="RESOLVED", resolved_at=MONDAY), "DK002 INVALID_TRANSITION"),
    ("a second freeze", "WORKING", twice("freeze"), "23505 accounts_freeze_order_id_key"),
    (
        "a freeze of a denied order",
        "DENIED",
        then(
            "INSERT INTO accounts_freeze (account_id, instrument_id, order_id, status, side, is_closing, quantity, margin, fee, created_at) "
            "SELECT account_id, instrument_id, id, 'OPEN', 'LONG', false, quantity, 0, 0, now() FROM orders_order WHERE id = {order}"
        ),
        "DK010 FREEZE_WITHOUT_ORDER",
    ),
    (
        "released while the order works",
        "WORKING",
        then("UPDATE accounts_freeze SET released_quantity = 1 WHERE order_id = {order}"),
        "DK010 RELEASED_WHILE_OPEN",
    ),
    (
        "resolved while the order works",
        "WORKING",
        then("UPDATE accounts_freeze SET status = 'RESOLVED', resolved_at = now() WHERE order_id = {order}"),
        "23514 accounts_freeze_resolved_in_full",
    ),
    ("cancelled, nothing released", "CANCELED", without("release"), "DK011 ORDER_NOT_AS_TOLD"),
    (
        "cancelled, released in part",
        "CANCELED",
        both(
            without("release"),
            then("UPDATE accounts_freeze SET released_quantity = 1, status = 'RESOLVED', resolved_at = now() WHERE order_id = {order}"),
        ),
        "DK011 ORDER_NOT_AS_TOLD",
    ),
    (
        "released twice",
        "CANCELED",
        then("UPDATE accounts_freeze SET released_fee = released_fee + 1 WHERE order_id = {order}"),
        "23514 accounts_freeze_not_overdrawn",
    ),
    (
        "a resolved freeze is open again",
        "FILLED",
        then("UPDATE accounts_freeze SET status = 'OPEN' WHERE order_id = {order}"),
        "DK002 INVALID_TRANSITION",
    ),
    *(
        (f"what was frozen changes: {change}", "WORKING", then(f"UPDATE accounts_freeze SET {change} WHERE order_id = {{order}}"), "DK001 FIXED")
        for change in ("margin = margin + 1", "fee = 0", "quantity = 1", "side = 'SHORT'", "order_id = order_id + 1")
    ),
    # fills
    ("filled without freeze", "FILLED", without("freeze"), "DK008 FILL_WITHOUT_ORDER"),
    (
        "filled without freeze, called frozen",
        "FILLED",
        lambda writes: [
            Write("more", other=(MOVE, ["FROZEN", None, writes[0].rows[0]["id"]])) if write.name == "freeze" else write for write in writes
        ],
        "DK008 FILL_WITHOUT_FREEZE",
    ),
    ("filled beyond the order", "FILLED", saying("fill", quantity=4), "23514 orders_order_quantity"),
    ("the last fill leaves something frozen", "FILLED", saying("fill", captured_margin=3 * MARGIN - 1), "23514 accounts_freeze_resolved_in_full"),
    ("a fill captures more than is frozen", "FILLED", saying("fill", captured_fee=16), "23514 accounts_freeze_not_overdrawn"),
    *(
        (f"a fill says {column} {value}", "FILLED", saying("fill", **{column: value}), "DK008 FILL_WITHOUT_ORDER")
        for column, value in (("account_id", 0), ("market_id", 0), ("instrument_id", 0), ("side", "SELL"), ("effect", "CLOSE"), ("order_id", 0))
    ),
    ("a fill with another last step", "FILLED", saying("fill", last_step="MATCHED"), "23514 orders_fill_last_step"),
    ("a fill without lot and lot change", "FILLED", without("lot", "change"), "DK008 FILL_WITHOUT_LOT_CHANGE"),
    ("a fill without lot change", "FILLED", without("change"), "DK008 FILL_WITHOUT_LOT_CHANGE"),
    ("a fill without journal", "FILLED", without("journal", "entries"), "DK008 FILL_WITHOUT_JOURNAL"),
    ("a fill without entries", "FILLED", without("entries"), "DK008 FILL_WITHOUT_JOURNAL"),
    ("a fill's journal comes late", "FILLED", lambda writes: late("entries")(late("journal")(writes)), "DK008 FILL_WITHOUT_JOURNAL"),
    ("a fill with another fee than its journal", "FILLED", saying("fill", fee=14), "DK008 FILL_WITHOUT_JOURNAL"),
    ("a fill with a profit that nobody posted", "FILLED", saying("fill", realised_pnl=1), "DK008 FILL_WITHOUT_JOURNAL"),
    ("a fill's journal without its fill", "FILLED", saying("journal", fill_id=None), "23514 accounts_journal_of_a_fill"),
    ("a fill's journal of another kind", "FILLED", saying("journal", kind="CASH"), "23514 accounts_journal_of_a_fill"),
    # lots
    *(
        (f"a lot says {column} {value}", "FILLED", saying("lot", **{column: value}), "DK009 LOT_WITHOUT_FILL")
        for column, value in (
            ("account_id", 0),
            ("side", "SHORT"),
            ("open_price", 1),
            ("basis_price", 1),
            ("quantity", 1),
            ("opening_fill_id", 0),
            ("opened_quantity", 4),
            ("marked_through", MONDAY),
            ("closed_at", MONDAY),
        )
    ),
    ("a lot of more than was filled", "FILLED", saying("lot", quantity=4, opened_quantity=4), "DK009 LOT_WITHOUT_FILL"),
    ("a lot change without lot", "FILLED", without("lot"), "DK009 LOT_CHANGE_WITHOUT_FILL"),
    *(
        (f"a lot change says {column} {value}", "FILLED", saying("change", **{column: value}), "DK009 LOT_CHANGE_WITHOUT_FILL")
        for column, value in (("account_id", 0), ("fill_id", 0), ("lot_id", 0), ("quantity_change", 2), ("margin_change", 1))
    ),
    ("a lot change once more", "FILLED", twice("change"), "DK009 LOT_CHANGE_WITHOUT_FILL"),
    ("a close by a fill that opens", "FILLED", twice("change", kind="CLOSE", quantity_change=-1, margin_change=0), "DK009 LOT_CHANGE_WITHOUT_FILL"),
    ("a mark that takes lots away", "FILLED", twice("change", kind="MARK", fill_id=None, quantity_change=-1), "23514 accounts_lotchange_kind"),
    ("a close that names no fill", "FILLED", twice("change", kind="CLOSE", fill_id=None, quantity_change=-1), "23514 accounts_lotchange_kind"),
    (
        "a mark below nothing",
        "FILLED",
        twice("change", kind="MARK", fill_id=None, quantity_change=0, margin_change=-9 * MARGIN),
        "23514 accounts_lot_remainder",
    ),
    # money
    ("an unbalanced journal", "FILLED", saying("entries", 1, amount=14), "DK003 UNBALANCED_JOURNAL"),
    ("a client line that starts elsewhere", "FILLED", saying("entries", 0, balance_after=0), "DK003 ENTRY_OUT_OF_TURN"),
    ("a client line without its balance", "FILLED", saying("entries", 0, balance_after=None), "DK003 ENTRY_OUT_OF_TURN"),
    ("a client line of an earlier version", "FILLED", saying("entries", 0, account_version=1), "DK003 ENTRY_OUT_OF_TURN"),
    ("a journal in another market", "FILLED", saying("journal", market_id=0), "DK003 JOURNAL_ACROSS_MARKETS"),
    (
        "entries in another currency",
        "FILLED",
        both(saying("entries", 0, currency="EUR"), saying("entries", 1, currency="EUR")),
        "DK003 JOURNAL_ACROSS_MARKETS",
    ),
    ("lines that begin with 1", "FILLED", both(saying("entries", 0, line=1), saying("entries", 1, line=2)), "DK003 JOURNAL_POSTED"),
    ("entries before those there are", "FILLED", both(saying("entries", 0, id=-2), saying("entries", 1, id=-1)), "DK003 ENTRY_OUT_OF_TURN"),
    (
        "frozen beyond what is available",
        "WORKING",
        then(
            "UPDATE accounts_accountfunds SET frozen_margin = 100000.01 WHERE account_id = (SELECT account_id FROM orders_order WHERE id = {order})"
        ),
        "DK004 INSUFFICIENT_FUNDS",
    ),
    (
        "a version that goes back",
        "WORKING",
        then("UPDATE accounts_accountfunds SET version = 1 WHERE account_id = (SELECT account_id FROM orders_order WHERE id = {order})"),
        "DK004 VERSION_BACKWARDS",
    ),
)


@pytest.mark.parametrize("status", ["DENIED", "WORKING", "PARTIALLY_FILLED", "FILLED", "CANCELED", "EXPIRED"])
def test_an_order_written_whole_is_taken(desk: Desk, status: str) -> None:
    assert tried(reached(desk, desk.account("100000"), status).whole) is None


@pytest.mark.parametrize(("status", "change", "name"), [row[1:] for row in FORBIDDEN], ids=[row[0] for row in FORBIDDEN])
def test_an_order_with_something_wrong_about_it_is_refused(desk: Desk, status: str, change: Change, name: str) -> None:
    assert tried(change(reached(desk, desk.account("100000"), status).whole)) == name
