"""Writes what a batch did: set-based statements in one round trip, in the order of the sequence. Inside the caller's transaction, under its locks."""

from typing import Any

from django.db.models import Model

from accounts.domain.journal import FundsRow
from accounts.models import Freeze, Journal, Lot, LotChange
from accounts.services import funds
from orders.domain.facts import Facts
from orders.models import Fill, Order, OrderEvent
from tradingdesk.kernel import sql
from tradingdesk.kernel.money import ZERO

MARK_FROZEN = "UPDATE orders_order SET status = 'FROZEN' WHERE id = ANY(%s) AND status = 'PLACED'"
UPDATE_ORDERS = """
UPDATE orders_order o SET status = n.status, reason = n.reason, filled_quantity = n.filled_quantity, filled_value = n.filled_value,
    realised_pnl = n.realised_pnl, fees = n.fees, checked_seq = n.checked_seq, taken_up = n.taken_up, ended_at = n.ended_at
FROM json_to_recordset(%s::json) AS n(id bigint, status text, reason text, filled_quantity numeric, filled_value numeric,
    realised_pnl numeric, fees numeric, checked_seq bigint, taken_up boolean, ended_at timestamptz)
WHERE o.id = n.id"""
ORDER_COLUMNS = ("id", "status", "reason", "filled_quantity", "filled_value", "realised_pnl", "fees", "checked_seq", "taken_up", "ended_at")
UPDATE_FREEZES = """
UPDATE accounts_freeze f SET captured_quantity = n.captured_quantity, captured_margin = n.captured_margin, captured_fee = n.captured_fee,
    released_quantity = n.released_quantity, released_margin = n.released_margin, released_fee = n.released_fee,
    status = CASE WHEN n.is_resolved THEN 'RESOLVED' ELSE 'OPEN' END, resolved_at = CASE WHEN n.is_resolved THEN %s::timestamptz END
FROM json_to_recordset(%s::json) AS n(order_id bigint, captured_quantity numeric, captured_margin numeric, captured_fee numeric,
    released_quantity numeric, released_margin numeric, released_fee numeric, is_resolved boolean)
WHERE f.order_id = n.order_id"""
SHARES = ("captured_quantity", "captured_margin", "captured_fee", "released_quantity", "released_margin", "released_fee")
UPDATE_LOTS = """
UPDATE accounts_lot l SET quantity = n.quantity, margin = n.margin, charged_today = n.charged_today,
    closed_at = CASE WHEN n.quantity = 0 THEN coalesce(l.closed_at, %s::timestamptz) END
FROM json_to_recordset(%s::json) AS n(id bigint, quantity numeric, margin numeric, charged_today numeric) WHERE l.id = n.id"""


def id_counts(orders: int, fills: int, events: int) -> dict[type[Model], int]:
    """How many ids a batch may need at most."""
    return {Order: orders, OrderEvent: events, Fill: fills, Lot: fills, Journal: fills}


def facts_with_ids(cursor: Any, counts: dict[type[Model], int], recorded_at: Any) -> Facts:
    """Empty facts with the ids reserved by `sql.ids_statement(counts)`."""
    ids = sql.read_ids(cursor, counts)
    return Facts(recorded_at, ids[Order], ids[OrderEvent], ids[Fill], ids[Lot], ids[Journal])


def write(facts: Facts) -> None:
    """Every row of the batch. The first funds rows raise what is frozen, before any fill is written: PostgreSQL checks them there."""
    first, later = _split(facts.funds)
    with sql.pipeline():
        sql.insert(Order, facts.placed)
        funds.write_funds(first)
        _insert_freezes(facts.new_freezes)
        if facts.new_freezes:
            sql.execute(MARK_FROZEN, [[row["order_id"] for row in facts.new_freezes]])
        sql.insert(Fill, facts.fills)
        _update_freezes(facts)
        sql.insert(Lot, facts.lots)
        _update_lots(facts)
        sql.insert(LotChange, facts.lot_changes)
        funds.write_journals(facts.journals)
        funds.write_funds(later)
        _update_orders(facts)
        sql.insert(OrderEvent, facts.events)


def _split(rows: list[FundsRow]) -> tuple[list[FundsRow], list[FundsRow]]:
    # Each account's first row on its own; what follows stays in order.
    seen: set[int] = set()
    first: list[FundsRow] = []
    later: list[FundsRow] = []
    for row in rows:
        (later if row.account_id in seen else first).append(row)
        seen.add(row.account_id)
    return first, later


def _insert_freezes(rows: list[dict[str, Any]]) -> None:
    zeros = dict.fromkeys(SHARES, ZERO)
    sql.insert(Freeze, ({**row, **zeros} for row in rows))


def _update_freezes(facts: Facts) -> None:
    touched = [f for f in facts.freezes.values() if f.captured_quantity or f.released_quantity]
    if touched:
        rows = ({name: getattr(f, name) for name in ("order_id", *SHARES, "is_resolved")} for f in touched)
        sql.execute(UPDATE_FREEZES, [facts.recorded_at, sql.rows_json(rows)])


def _update_lots(facts: Facts) -> None:
    if facts.reduced_lots:
        rows = ({name: getattr(lot, name) for name in ("id", "quantity", "margin", "charged_today")} for lot in facts.reduced_lots.values())
        sql.execute(UPDATE_LOTS, [facts.recorded_at, sql.rows_json(rows)])


def _update_orders(facts: Facts) -> None:
    if facts.orders:
        sql.execute(UPDATE_ORDERS, [sql.rows_json({name: getattr(o, name) for name in ORDER_COLUMNS} for o in facts.orders.values())])
