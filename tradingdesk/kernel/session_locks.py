"""Session-level advisory locks on a connection of their own, outside every pool: whoever holds one is alone until it lets go or its connection ends.

Django's own connection would not do: it is closed and made anew without a word, and the lock would be gone. Here a lost connection is noticed: `check`
asks the server. Keepalives on both ends make a vanished machine let go within some ten seconds.
"""

import threading
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Self

import psycopg
from django.db import connection

from tradingdesk.kernel.errors import DeskError
from tradingdesk.kernel.locks import AdvisoryLock

KEEPALIVES: dict[str, Any] = {"keepalives": 1, "keepalives_idle": 2, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 8000}
SERVER_KEEPALIVES = "-c tcp_keepalives_idle=2 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3"
CONNECT_TIMEOUT_SECONDS = 5
OF_DJANGO = ("cursor_factory", "context", "prepare_threshold")  # how Django reads rows, not how it reaches the server
HELD = "SELECT classid::bigint, objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted AND objsubid = 2"

Key = tuple[int, int]


class LockLost(DeskError):
    """The connection that held the lock is gone, and somebody else may hold it now: stop, and begin again."""

    code = "LOCK_LOST"
    http_status = HTTPStatus.SERVICE_UNAVAILABLE
    retryable = True


class SessionLocks:
    """One connection and the locks taken on it; any thread may use it. Close it always. Opening, `take` and `release` raise psycopg.Error.

    With `idle_seconds` the server ends the connection, and lets go of the locks, once nothing was asked on it for so long: its process stands still.
    """

    def __init__(self, name: str, idle_seconds: float | None = None) -> None:
        self._connection = psycopg.connect(**connection_parameters(name), autocommit=True)
        if idle_seconds is not None:
            self._connection.execute("SELECT set_config('idle_session_timeout', %s, false)", [f"{round(idle_seconds * 1000)}ms"])
        self._held: set[Key] = set()
        self._mutex = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def take(self, lock: AdvisoryLock, key: int) -> bool:
        """Whether the lock is held now; never waits."""
        with self._mutex:
            if (lock, key) not in self._held and self._ask("SELECT pg_try_advisory_lock(%s, %s)", [lock, key]) == [(True,)]:
                self._held.add((lock, key))
            return (lock, key) in self._held

    def release(self, lock: AdvisoryLock, key: int) -> None:
        """Lets somebody else have it; nothing where it is not held."""
        with self._mutex:
            if (lock, key) in self._held:
                self._ask("SELECT pg_advisory_unlock(%s, %s)", [lock, key])
                self._held.discard((lock, key))

    def check_one(self, lock: AdvisoryLock, key: int) -> None:
        """Raises LockLost unless the server says, now, that this lock is held here."""
        with self._mutex:
            if (lock, key) not in self._there():
                raise LockLost("The lock is held no longer.", lock=lock.name, key=key)

    def check(self) -> None:
        """Raises LockLost unless the connection stands and every lock taken on it is still held."""
        with self._mutex:
            if not self._held <= self._there():
                raise LockLost("The locks are held no longer.", locks=sorted(self._held))

    def close(self) -> None:
        """Lets go of everything. The unlocking is explicit, so that nobody finds a lock held by a connection that the server has yet to bury."""
        with self._mutex, suppress(psycopg.Error):
            if self._held:
                self._ask("SELECT pg_advisory_unlock_all()", [])
        self._held.clear()
        self._connection.close()

    def _there(self) -> set[Key]:
        try:
            return {(int(first), int(second)) for first, second in self._ask(HELD, [])}
        except psycopg.Error as error:
            raise LockLost("The connection that held the locks is gone.", locks=sorted(self._held)) from error

    def _ask(self, sql: str, params: list[int]) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, params).fetchall()


def connection_parameters(name: str) -> dict[str, Any]:
    """Everything Django reaches its database with (TLS settings too), as psycopg takes it, under an application name of its own."""
    parameters = {key: value for key, value in connection.get_connection_params().items() if key not in OF_DJANGO}
    own = {"options": SERVER_KEEPALIVES, "connect_timeout": CONNECT_TIMEOUT_SECONDS, "application_name": name}
    return {**parameters, **KEEPALIVES, **own}
