"""Statements tried by hand, as desk_app: what PostgreSQL answers; nothing stays done."""

from collections.abc import Sequence
from typing import Any

from django.db import DatabaseError, connection, transaction

from orders.models import Order


def code_of(statement: str, params: Sequence[Any] = ()) -> str | None:
    """The error code PostgreSQL answers with (deferred checks included), or None when it would have taken the statement."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, params or None)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            transaction.set_rollback(True)
    except DatabaseError as error:
        return error.__cause__.sqlstate
    return None


def copy_of(order: Order, status: str) -> int:
    """Another order like this one, born PLACED or DENIED, with no freeze and no events."""
    order.pk, order.status, order.client_order_id = None, status, f"{order.client_order_id}x"
    order.filled_quantity = order.filled_value = order.fees = 0
    order.save(force_insert=True)
    return order.pk
