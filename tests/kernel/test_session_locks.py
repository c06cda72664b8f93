"""Session locks: alone while held, noticed when lost, given back when closed, and reached the way the desk reaches its database."""

from collections.abc import Iterator
from threading import Thread
from time import monotonic, sleep
from typing import Any

import psycopg
import pytest
from django.db import connection

from tradingdesk.kernel.locks import AdvisoryLock
from tradingdesk.kernel.session_locks import LockLost, SessionLocks, connection_parameters

LEAD, SETTLEMENT = AdvisoryLock.MARKET_LEADER, AdvisoryLock.SETTLEMENT


@pytest.fixture
def locks(own_database: Any) -> Iterator[SessionLocks]:
    with SessionLocks("first") as first:
        yield first


def end_connection(name: str) -> None:
    """The server ends it, as it would after a failover; returns when it is gone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s AND datname = current_database()", [name])
        deadline, gone = monotonic() + 5, False
        while not gone and monotonic() < deadline:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = %s AND datname = current_database()", [name])
            gone = cursor.fetchone() == (0,)
            sleep(0.01)
    assert gone


def test_one_holds_it_and_the_other_does_not_until_it_is_released(locks: SessionLocks) -> None:
    with SessionLocks("second") as second:
        assert (locks.take(LEAD, 1), second.take(LEAD, 1), second.take(LEAD, 2), second.take(SETTLEMENT, 1)) == (True, False, True, True)
        locks.release(LEAD, 1)
        assert second.take(LEAD, 1)
        with pytest.raises(LockLost):
            locks.check_one(LEAD, 1)


def test_taken_twice_it_is_given_back_by_one_release(locks: SessionLocks) -> None:
    assert locks.take(LEAD, 1)
    assert locks.take(LEAD, 1)
    locks.release(LEAD, 1)
    locks.release(LEAD, 1)
    with SessionLocks("second") as second:
        assert second.take(LEAD, 1)


def test_closed_it_is_free_at_once(own_database: Any) -> None:
    for _ in range(10):
        with SessionLocks("one after the other") as locks:
            assert locks.take(SETTLEMENT, 7)


def test_a_held_lock_passes_its_check_from_any_thread(locks: SessionLocks) -> None:
    locks.take(LEAD, 1)
    errors: list[Exception] = []

    def ask() -> None:
        try:
            for _ in range(50):
                locks.check_one(LEAD, 1)
                locks.check()
        except Exception as error:
            errors.append(error)

    threads = [Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for key in range(2, 30):
        locks.take(LEAD, key)
        locks.release(LEAD, key)
    for thread in threads:
        thread.join(20)
    assert errors == []


def test_a_lost_connection_is_noticed_and_somebody_else_may_take_the_lock(locks: SessionLocks) -> None:
    locks.take(LEAD, 1)
    locks.check_one(LEAD, 1)
    end_connection("first")
    with pytest.raises(LockLost) as lost:
        locks.check_one(LEAD, 1)
    assert lost.value.retryable
    with pytest.raises(LockLost):
        locks.check()
    with SessionLocks("second") as second:
        assert second.take(LEAD, 1)


def test_closing_a_lost_connection_raises_nothing(own_database: Any) -> None:
    locks = SessionLocks("lost")
    locks.take(LEAD, 1)
    end_connection("lost")
    locks.close()
    locks.close()


def test_what_the_database_url_says_about_tls_is_kept_and_djangos_own_settings_are_not(own_database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    options = {**connection.settings_dict["OPTIONS"], "sslmode": "prefer", "target_session_attrs": "read-write"}
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", options)
    parameters = connection_parameters("tls")
    assert (parameters["sslmode"], parameters["target_session_attrs"], parameters["application_name"]) == ("prefer", "read-write", "tls")
    assert parameters.keys().isdisjoint({"cursor_factory", "context", "prepare_threshold", "pool", "server_side_binding", "isolation_level"})
    assert "lock_timeout" not in parameters["options"]
    with psycopg.connect(**parameters) as own:
        assert own.execute("SELECT current_database()").fetchone() == (own_database.name,)
