"""Two commands at the same moment, on connections of their own: freely (`together`), or one just behind the other (`in_turn`)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, Thread, current_thread
from typing import Any

import pytest
from django.db import connection

from accounts import reading
from tradingdesk.kernel import clock, sql

TIMEOUT_SECONDS = 20
FIRST, SECOND = "the first of two commands", "the second of two commands"

Command = Callable[[], Any]


def result_of(desk: Any, command: Command) -> Any:
    """What the command returns at the desk's time, or the exception it raises; the thread's connection is closed."""
    try:
        with clock.fixed(desk.at):
            return command()
    except Exception as error:
        return error
    finally:
        connection.close()


def together(desk: Any, *commands: Command, seconds: float = TIMEOUT_SECONDS) -> list[Any]:
    """Runs the commands in threads that start at once, at the desk's time; their results, or the exceptions they raised, in order."""
    barrier = Barrier(len(commands))

    def run(command: Command) -> Any:
        barrier.wait(TIMEOUT_SECONDS)
        return result_of(desk, command)

    with ThreadPoolExecutor(len(commands)) as pool:
        return [future.result(seconds) for future in [pool.submit(run, command) for command in commands]]


def in_turn(desk: Any, monkeypatch: pytest.MonkeyPatch, first: Command, second: Command, *, locked: bool = True) -> list[Any]:
    """The first command has read the account, and not written yet, when the second comes to it. The results in order.

    With the lock the second has to wait, or is told to come again. Not `locked` is the negative control: the lock is taken away, and the second decides on
    the same figures as the first, and writes after it.
    """
    turns = _Turns(locked)
    with monkeypatch.context() as patch:
        patch.setattr(reading, "lock_accounts", turns.lock_accounts)
        patch.setattr(reading, "_attach", turns.attach)
        results: dict[str, Any] = {}
        threads = [
            Thread(target=_run, args=(desk, command, results, done), name=name)
            for name, command, done in ((FIRST, first, turns.first_is_done), (SECOND, second, turns.second_is_done))
        ]
        threads[0].start()
        assert turns.first_has_read.wait(TIMEOUT_SECONDS)
        threads[1].start()
        for thread in threads:
            thread.join(TIMEOUT_SECONDS)
    assert set(results) == {FIRST, SECOND}, "a command did not end"
    return [results[FIRST], results[SECOND]]


def _run(desk: Any, command: Command, results: dict[str, Any], done: Callable[[], None]) -> None:
    results[current_thread().name] = result_of(desk, command)
    done()


class _Turns:
    """Stands in for the lock and the reading of accounts; whoever is neither of the two commands passes through."""

    def __init__(self, locked: bool) -> None:
        self._locked = locked
        self._lock_accounts, self._attach = reading.lock_accounts, reading._attach
        self.first_has_read, self._second_is_there, self._first_has_ended = Event(), Event(), Event()

    def lock_accounts(self, account_ids: Any, **options: Any) -> Any:
        if not self._locked:
            return sql.execute("SELECT unnest(%s::bigint[])", [list(account_ids)])
        if current_thread().name == SECOND:
            self._second_is_there.set()
        return self._lock_accounts(account_ids, **options)

    def attach(self, *args: Any) -> None:
        self._attach(*args)
        if current_thread().name == FIRST and not self.first_has_read.is_set():
            self.first_has_read.set()
            self._second_is_there.wait(TIMEOUT_SECONDS)
        if current_thread().name == SECOND and not self._locked:
            self._second_is_there.set()
            self._first_has_ended.wait(TIMEOUT_SECONDS)

    def first_is_done(self) -> None:
        self.first_has_read.set()
        self._first_has_ended.set()

    def second_is_done(self) -> None:
        self._second_is_there.set()
