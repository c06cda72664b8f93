"""Faults put into a process on purpose, by name, before its role begins: what the checks must find."""

import signal
from collections.abc import Iterable
from typing import Any


def two_transactions() -> None:
    """Orders are written in two transactions: order and freeze are committed on their own. Then it stands still, to be killed there."""
    from django.db import connection

    from accounts.models import Freeze
    from tradingdesk.kernel import sql

    insert = sql.insert

    def committing_insert(model: Any, rows: Iterable[Any]) -> None:
        rows = list(rows)
        insert(model, rows)
        if model is Freeze and rows:
            connection.connection.commit()
            signal.pause()

    sql.insert = committing_insert


def impatient() -> None:
    """No defect: a leader that stands still is given up after one second instead of fifteen."""
    from tradingdesk.desk.market import leadership

    leadership.FROZEN_SECONDS = 1.5
