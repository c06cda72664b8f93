"""Faults put into a process on purpose, by name, before its role begins: what the checks must find."""

from collections.abc import Iterable
from typing import Any


def two_transactions() -> None:
    """Orders are written in two transactions: what comes before the fill is committed on its own."""
    from django.db import connection

    from orders.models import Fill
    from tradingdesk.kernel import sql

    insert = sql.insert

    def committing_insert(model: Any, rows: Iterable[Any]) -> None:
        rows = list(rows)
        if model is Fill and rows:
            connection.connection.commit()
        insert(model, rows)

    sql.insert = committing_insert
