"""One settlement of a market at a time, also when a connection is lost on the way."""

from datetime import date
from typing import Any

import psycopg
import pytest
from django.db import connection

from settlement.exceptions import SettlementRunning
from settlement.models import SettlementRun
from settlement.services import run as running
from settlement.services.run import settle
from tests.conftest import OwnDatabase
from tests.factories.books import assert_books_are_right
from tests.factories.desk import MONDAY, Desk
from tradingdesk.kernel import sql
from tradingdesk.kernel.locks import AdvisoryLock
from tradingdesk.kernel.session_locks import LockLost

DAY: date = MONDAY.date()


def end_connection(database: OwnDatabase, pid: int) -> None:
    with psycopg.connect(database.url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def holder(database: OwnDatabase) -> int | None:
    """The process id of whoever holds the settlement lock."""
    with psycopg.connect(database.url) as other:
        row = other.execute("SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = %s", [AdvisoryLock.SETTLEMENT]).fetchone()
    return None if row is None else int(row[0])


def interrupted(monkeypatch: pytest.MonkeyPatch, interrupt: Any) -> None:
    """The first step is followed by something."""
    name, step = running.STEPS[0]

    def step_then_interrupt(run: SettlementRun) -> dict[str, Any]:
        detail = step(run)
        interrupt()
        return detail

    monkeypatch.setattr(running, "STEPS", ((name, step_then_interrupt), *running.STEPS[1:]))


def test_a_lock_on_djangos_own_connection_would_be_lost_without_a_word(own_database: OwnDatabase) -> None:
    keys = [AdvisoryLock.SETTLEMENT, 1]
    assert sql.fetch_all("SELECT pg_try_advisory_lock(%s, %s)", keys) == [(True,)]
    end_connection(own_database, connection.connection.info.backend_pid)
    connection.close()
    assert sql.fetch_all("SELECT 1") == [(1,)]  # connected anew
    assert holder(own_database) is None


def test_while_djangos_connection_is_made_anew_nobody_else_settles(
    own_database: OwnDatabase, committed_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, refused = committed_desk, []
    desk.buy(desk.account(), 1)

    def lose_djangos_connection() -> None:
        end_connection(own_database, connection.connection.info.backend_pid)
        connection.close()
        with pytest.raises(SettlementRunning) as refusal:
            settle(desk.market.pk, DAY)
        refused.append(refusal.value)

    interrupted(monkeypatch, lose_djangos_connection)
    with desk.now():
        assert settle(desk.market.pk, DAY).status == "DONE"
    assert len(refused) == 1
    assert holder(own_database) is None
    assert_books_are_right()


def test_a_settlement_that_lost_its_lock_stops_before_the_next_step_and_is_resumed(
    own_database: OwnDatabase, committed_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = committed_desk
    desk.buy(desk.account(), 1)

    def lose_the_lock() -> None:
        pid = holder(own_database)
        assert pid is not None
        end_connection(own_database, pid)

    with monkeypatch.context() as patched, desk.now():
        interrupted(patched, lose_the_lock)
        with pytest.raises(LockLost) as lost:
            settle(desk.market.pk, DAY)
    assert lost.value.retryable
    run = SettlementRun.objects.get()
    assert (run.status, run.steps.count()) == ("RUNNING", 1)
    with desk.now():
        assert settle(desk.market.pk, DAY).status == "DONE"
    assert_books_are_right()
