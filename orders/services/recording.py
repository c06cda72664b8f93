"""Writes what a batch did: set-based statements in one round trip, in the order of the sequence. Inside the caller's transaction, under its locks."""

from typing import Any

from django.db.models import Model
from psycopg.types.json import Jsonb

from accounts.domain.journal import FundsRow
from accounts.models import Freeze, Journal, Lot, LotChange
from accounts.services import funds
from orders.domain.facts import Facts
from orders.domain.order import FreezeState, WorkingOrder
from orders.models import Fill, Order, OrderEvent
from tradingdesk.kernel import sql
from tradingdesk.kernel.money import ZERO

MARK_FROZEN = "UPDATE orders_order SET status = 'FROZEN' WHERE id = ANY(%s) AND status = 'PLACED'"
UPDATE_ORDERS = """
UPDATE orders_order o SET status = n.status, reason = n.reason, filled_quantity = n.filled_quantity, filled_value = n.filled_value,
    realised_pnl = n.realised_pnl, fees = n.fees, taken_up = n.taken_up, ended_at = n.ended_at
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[], %s::boolean[], %s::timestamptz[])
    AS n(id, status, reason, filled_quantity, filled_value, realised_pnl, fees, taken_up, ended_at)
WHERE o.id = n.id"""
UPDATE_FREEZES = """
UPDATE accounts_freeze f SET captured_quantity = n.cq, captured_margin = n.cm, captured_fee = n.cf,
    released_quantity = n.rq, released_margin = n.rm, released_fee = n.rf,
    status = CASE WHEN n.resolved THEN 'RESOLVED' ELSE 'OPEN' END, resolved_at = CASE WHEN n.resolved THEN %s::timestamptz END
FROM unnest(%s::bigint[], %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[], %s::boolean[])
    AS n(order_id, cq, cm, cf, rq, rm, rf, resolved)
WHERE f.order_id = n.order_id"""
UPDATE_LOTS = """
UPDATE accounts_lot l SET quantity = n.quantity, margin = n.margin, closed_at = CASE WHEN n.quantity = 0 THEN %s::timestamptz END
FROM unnest(%s::bigint[], %s::numeric[], %s::numeric[]) AS n(id, quantity, margin) WHERE l.id = n.id"""


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
    changed_orders = list(facts.orders.values())
    with sql.pipeline():
        sql.insert(Order, facts.placed)
        funds.write_funds(first)
        _insert_freezes(facts.new_freezes)
        if facts.new_freezes:
            sql.execute(MARK_FROZEN, [[row["order_id"] for row in facts.new_freezes]])
        sql.insert(Fill, facts.fills)
        _update_freezes(list(facts.freezes.values()), facts)
        sql.insert(Lot, facts.lots)
        if facts.reduced_lots:
            lots = list(facts.reduced_lots.values())
            sql.execute(UPDATE_LOTS, [facts.recorded_at, [x.id for x in lots], [x.quantity for x in lots], [x.margin for x in lots]])
        sql.insert(LotChange, facts.lot_changes)
        funds.write_journals(facts.journals)
        funds.write_funds(later)
        _update_orders(changed_orders)
        sql.insert(OrderEvent, ({**event, "data": Jsonb(event["data"])} for event in facts.events))


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
    zeros = dict.fromkeys(("captured_quantity", "captured_margin", "captured_fee", "released_quantity", "released_margin", "released_fee"), ZERO)
    sql.insert(Freeze, ({**row, **zeros} for row in rows))


def _update_freezes(freezes: list[FreezeState], facts: Facts) -> None:
    touched = [f for f in freezes if f.captured_quantity or f.released_quantity]
    if not touched:
        return
    names = ("order_id", "captured_quantity", "captured_margin", "captured_fee", "released_quantity", "released_margin", "released_fee")
    columns = [[getattr(f, name) for f in touched] for name in (*names, "is_resolved")]
    sql.execute(UPDATE_FREEZES, [facts.recorded_at, *columns])


def _update_orders(orders: list[WorkingOrder]) -> None:
    if not orders:
        return
    names = ("id", "status", "reason", "filled_quantity", "filled_value", "realised_pnl", "fees", "taken_up", "ended_at")
    sql.execute(UPDATE_ORDERS, [[getattr(o, name) for o in orders] for name in names])
