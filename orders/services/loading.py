"""Reads resting orders and their freezes under the accounts' locks."""

import json
from collections.abc import Iterable
from datetime import date
from typing import Any

import psycopg

from orders.domain.order import FreezeState, WorkingOrder
from quotes.domain.dealing import Rates
from tradingdesk.kernel import sql
from tradingdesk.kernel.money import ZERO

ORDER_FIELDS = WorkingOrder.__slots__
FREEZE_FIELDS = FreezeState.__slots__[1:]
_COLUMNS = ", ".join(
    [*("o.terms" if name == "rates" else f"o.{name}" for name in ORDER_FIELDS), "o.client_order_id", *(f"f.{name}" for name in FREEZE_FIELDS)]
)
_SELECT = f"SELECT {_COLUMNS} FROM orders_order o LEFT JOIN accounts_freeze f ON f.order_id = o.id"
ORDERS = f"{_SELECT} WHERE o.id = ANY(%s) ORDER BY o.id"
DAY_ORDERS = f"""{_SELECT}
WHERE o.account_id = ANY(%s) AND o.status IN ('WORKING', 'PARTIALLY_FILLED') AND o.time_in_force = 'DAY' AND o.trading_day <= %s ORDER BY o.id"""

Loaded = tuple[WorkingOrder, FreezeState, str]


def orders_statement(order_ids: Iterable[int]) -> sql.Statement:
    """To be read in the same round trip as the locks; the answer goes to `read_orders`."""
    return ORDERS, [list(order_ids)]


def day_orders_statement(account_ids: Iterable[int], day: date) -> sql.Statement:
    """Resting DAY orders of trading days up to `day`."""
    return DAY_ORDERS, [list(account_ids), day]


def read_orders(cursor: psycopg.Cursor[Any]) -> list[Loaded]:
    """(order, freeze, client order id) in id order; denied orders come with an empty freeze."""
    return [_loaded(row) for row in cursor.fetchall()]


def _loaded(row: tuple[Any, ...]) -> Loaded:
    fields: dict[str, Any] = dict(zip(ORDER_FIELDS, row, strict=False))
    fields |= {"rates": Rates.from_json(json.loads(fields["rates"])), "detail": json.loads(fields["detail"])}
    order = WorkingOrder(**fields)
    client_order_id, *amounts = row[len(ORDER_FIELDS) :]
    freeze = FreezeState(order.id, ZERO, ZERO, ZERO) if amounts[0] is None else FreezeState(order.id, *amounts)
    return order, freeze, client_order_id
