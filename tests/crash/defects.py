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


def impatient() -> None:
    """No defect: a leader that stands still is given up after one second instead of fifteen."""
    from tradingdesk.desk.market import leadership

    leadership.FROZEN_SECONDS = 1.5
