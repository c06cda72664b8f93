"""Reads resting orders and their freezes under the accounts' locks."""

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import psycopg

from orders.domain.order import FreezeState, WorkingOrder
from quotes.domain.dealing import Rates
from tradingdesk.kernel import sql

ORDERS = """
SELECT o.id, o.account_id, o.market_id, o.instrument_id, o.side, o.effect, o.type, o.time_in_force, o.quantity, o.limit_price, o.status,
    o.filled_quantity, o.filled_value, o.realised_pnl, o.fees, o.checked_seq, o.trading_day, o.terms, o.actor_id, o.request_id, o.reason, o.taken_up,
    o.client_order_id, f.quantity, f.margin, f.fee, f.captured_quantity, f.captured_margin, f.captured_fee, f.released_quantity,
    f.released_margin, f.released_fee
FROM orders_order o LEFT JOIN accounts_freeze f ON f.order_id = o.id WHERE o.id = ANY(%s) ORDER BY o.id"""

Loaded = tuple[WorkingOrder, FreezeState, str]


def orders_statement(order_ids: Iterable[int]) -> sql.Statement:
    """To be read in the same round trip as the locks; the answer goes to `read_orders`."""
    return ORDERS, [list(order_ids)]


def read_orders(cursor: psycopg.Cursor[Any]) -> list[Loaded]:
    """(order, freeze, client order id) in id order; denied orders come with an empty freeze."""
    return [_loaded(row) for row in cursor.fetchall()]


def _loaded(row: tuple[Any, ...]) -> Loaded:
    head, rates, actor_id, request_id, reason, taken_up, client_order_id, *freeze = row[:17], row[17], *row[18:]
    order = WorkingOrder(*head, rates=Rates.from_json(json.loads(rates)), actor_id=actor_id, request_id=request_id, reason=reason, taken_up=taken_up)
    return order, FreezeState(order.id, *(amount if amount is not None else Decimal(0) for amount in freeze)), client_order_id
