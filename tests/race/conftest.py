"""Races on real connections. `unlocked` is the negative control: the account locks are taken away, and both commands meet where one would have waited."""

from contextlib import suppress
from threading import Barrier, BrokenBarrierError, current_thread, main_thread
from typing import Any

import pytest

from accounts import reading
from orders.services import resting
from orders.services.setbacks import Setbacks
from tradingdesk.kernel import sql

MEET_SECONDS = 5


@pytest.fixture(autouse=True)
def no_setbacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Order ids recur from database to database, so what one test's orders went through must not hold back another's."""
    monkeypatch.setattr(resting, "setbacks", Setbacks())


@pytest.fixture
def unlocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both commands (those in threads of their own) read the account before either writes: what the lock prevents."""
    barrier = Barrier(2)
    original = reading._attach

    def attach_then_meet(*args: Any) -> None:
        original(*args)
        if current_thread() is not main_thread():
            with suppress(BrokenBarrierError):
                barrier.wait(MEET_SECONDS)

    monkeypatch.setattr(reading, "lock_accounts", lambda ids, **_: sql.execute("SELECT unnest(%s::bigint[])", [ids]))
    monkeypatch.setattr(reading, "_attach", attach_then_meet)
