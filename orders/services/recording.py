"""Writes what a batch did: set-based statements in one round trip, in the order of the sequence. Inside the caller's transaction, under its locks."""

from typing import Any

from django.db.models import Model

from accounts.models import Freeze, Journal, Lot, LotChange
from accounts.services import funds
from orders.domain.facts import Facts
from orders.enums import OrderStatus
from orders.models import Fill, Order, OrderEvent
from tradingdesk.kernel import sql

CHARGE_LOTS = """
UPDATE accounts_lot l SET charged_today = n.charged_today FROM json_to_recordset(%s::json) AS n(id bigint, charged_today numeric) WHERE l.id = n.id"""
MOVE_ORDERS = """
UPDATE orders_order o SET status = n.status, reason = n.reason, ended_at = n.ended_at
FROM json_to_recordset(%s::json) AS n(id bigint, status text, reason text, ended_at timestamptz) WHERE o.id = n.id"""
RELEASE_FREEZES = """
UPDATE accounts_freeze f SET released_quantity = n.released_quantity, released_margin = n.released_margin, released_fee = n.released_fee,
    status = 'RESOLVED', resolved_at = %s
FROM json_to_recordset(%s::json) AS n(order_id bigint, released_quantity numeric, released_margin numeric, released_fee numeric)
WHERE f.order_id = n.order_id"""
MOVED_HERE = (OrderStatus.WORKING, OrderStatus.CANCELED, OrderStatus.EXPIRED)
RELEASED = ("order_id", "released_quantity", "released_margin", "released_fee")


def id_counts(orders: int, fills: int, events: int) -> dict[type[Model], int]:
    """How many ids a batch may need at most."""
    return {Order: orders, OrderEvent: events, Fill: fills, Lot: fills, Journal: fills}


def facts_with_ids(cursor: Any, counts: dict[type[Model], int], recorded_at: Any) -> Facts:
    """Empty facts with the ids reserved by `sql.ids_statement(counts)`."""
    ids = sql.read_ids(cursor, counts)
    return Facts(recorded_at, ids[Order], ids[OrderEvent], ids[Fill], ids[Lot], ids[Journal])


def write(facts: Facts) -> None:
    """Every row of the batch, events last: by then everything is as they say, or PostgreSQL refuses. What follows from a row PostgreSQL writes itself: from a
    freeze that its order is frozen, from entries the balance, from a fill what is captured and filled, from a lot's changes the lot.
    """
    with sql.pipeline():
        sql.insert(Order, facts.placed)
        sql.insert(Freeze, facts.new_freezes)
        funds.write_funds(facts.funds)
        sql.insert(Fill, facts.fills)
        sql.insert(Lot, facts.lots)
        sql.insert(LotChange, facts.lot_changes)
        _charge_lots(facts)
        _move_orders(facts)
        _release_freezes(facts)
        sql.insert(OrderEvent, facts.events)


def _charge_lots(facts: Facts) -> None:
    if facts.charged_lots:
        sql.execute(CHARGE_LOTS, [sql.rows_json({"id": lot.id, "charged_today": lot.charged_today} for lot in facts.charged_lots.values())])


def _move_orders(facts: Facts) -> None:
    # Fills have moved theirs.
    moved = [order for order in facts.orders.values() if order.status in MOVED_HERE]
    if moved:
        rows = ({"id": o.id, "status": o.status, "reason": o.reason, "ended_at": o.ended_at} for o in moved)
        sql.execute(MOVE_ORDERS, [sql.rows_json(rows)])


def _release_freezes(facts: Facts) -> None:
    released = [freeze for freeze in facts.freezes.values() if freeze.released_quantity]
    if released:
        rows = ({name: getattr(freeze, name) for name in RELEASED} for freeze in released)
        sql.execute(RELEASE_FREEZES, [facts.recorded_at, sql.rows_json(rows)])
