"""Pauses double up to a limit, and begin anew after a success."""

import pytest

from tradingdesk.kernel import pauses
from tradingdesk.kernel.pauses import Pauses


def test_pauses_double_up_to_a_limit_and_begin_anew_after_a_success(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(pauses, "monotonic", lambda: now)
    mine = Pauses()
    lengths = []
    for _ in range(11):
        mine.begin("a")
        began = now
        while mine.is_waiting("a"):
            now += 1
        lengths.append(now - began)
    assert lengths == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    mine.begin("a")
    mine.forget("a")
    assert not mine.is_waiting("a")
    mine.begin("a")
    now += 1
    assert not mine.is_waiting("a")


def test_each_key_waits_for_itself() -> None:
    mine = Pauses()
    mine.begin(1)
    assert (mine.is_waiting(1), mine.is_waiting(2)) == (True, False)
