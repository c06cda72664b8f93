"""Races on real connections. `unlocked` is the negative control: the account locks are taken away, and a pause is put where they would have made one wait."""

from collections.abc import Iterator
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest

from accounts import reading

MEET_SECONDS = 3


@pytest.fixture
def unlocked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Both commands read the account before either writes: what the lock prevents."""
    barrier = Barrier(2)
    original = reading._attach

    def attach_then_meet(*args: Any) -> None:
        original(*args)
        try:
            barrier.wait(MEET_SECONDS)
        except BrokenBarrierError:
            pass

    monkeypatch.setattr(reading, "lock_accounts", lambda ids: None)
    monkeypatch.setattr(reading, "_attach", attach_then_meet)
    yield
