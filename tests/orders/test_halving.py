"""Halving: all but the guilty are done, in order, and when many are guilty it costs no more than one by one."""

from collections.abc import Sequence
from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.services.halving import MOST_FOUND, Halving


class Guilty(Exception):
    """Of one thing."""


class PowerCut(Exception):
    """Nobody's."""


class Work:
    """Does numbers; a part with a guilty one in it fails as a whole. After so many attempts the power is cut."""

    def __init__(self, guilty: set[int], *, attempts: int = 10**6) -> None:
        self.guilty, self.power_lasts = guilty, attempts
        self.done: list[int] = []
        self.set_aside: list[int] = []
        self.attempts: list[int] = []

    def attempt(self, part: Sequence[int]) -> None:
        self.attempts.append(len(part))
        if len(self.attempts) > self.power_lasts:
            raise PowerCut
        if self.guilty & set(part):
            raise Guilty
        self.done += part

    def run(self, count: int) -> None:
        Halving(self.attempt, lambda one, error: self.set_aside.append(one), lambda error: isinstance(error, PowerCut)).run(range(count))


def test_nothing_is_halved_while_nothing_fails() -> None:
    work = Work(set())
    work.run(450)
    assert (work.attempts, work.done) == ([450], list(range(450)))


@pytest.mark.parametrize("guilty", [{0}, {7}, {15}, {0, 15}, {7, 8}, {3, 4, 5}])
def test_the_guilty_stand_alone_and_the_others_are_done_in_order(guilty: set[int]) -> None:
    work = Work(guilty)
    work.run(16)
    assert (work.set_aside, work.done) == (sorted(guilty), [n for n in range(16) if n not in guilty])


def test_one_guilty_of_many_costs_two_parts_a_level() -> None:
    work = Work({300})
    work.run(512)
    assert len(work.attempts) == 1 + 2 * 9


@given(count=st.integers(1, 600), guilty=st.sets(st.integers(0, 599)))
def test_however_many_are_guilty_everything_is_tried_and_the_attempts_are_bounded(count: int, guilty: set[int]) -> None:
    work = Work(guilty)
    work.run(count)
    assert work.set_aside == sorted(n for n in guilty if n < count)
    assert work.done == [n for n in range(count) if n not in guilty]
    assert len(work.attempts) <= count + MOST_FOUND * 2 * log2(2 * count)
    # What is repeated in vain: a few times the whole, not once per guilty one.
    assert sum(work.attempts) <= (2 * MOST_FOUND + 1) * count


def test_what_is_everyones_is_raised_and_what_was_done_stays_done() -> None:
    work = Work({0}, attempts=7)  # 16, 8, 4, 2, 1 (the guilty one), 1, 2
    with pytest.raises(PowerCut):
        work.run(16)
    assert (work.set_aside, work.done) == ([0], [1, 2, 3])
