"""Every pair of place, fill, cancel, close, cash and settle meets over one account, on real connections.

Each pair first meets without the account's lock, in both orders, with means for either: the second decides on figures that the first is about to change,
and the books are wrong afterwards, or PostgreSQL's own guards had to stop one. No pair is harmless: whatever a command does, it writes the account's amounts
and version as it has computed them. With the lock, and with something that only one of them can have, the two leave exactly what they leave one after the
other: the one that holds the account goes first, and where both start at once it is one order or the other, to the last cent, version and event.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import combinations_with_replacement
from typing import Any

import pytest
from django.db import DatabaseError

from settlement.exceptions import SettlementIncomplete
from tests.conftest import database_of_its_own
from tests.factories.books import assert_books_are_right, broken_invariants
from tests.race.commands import (
    NOTHING,
    PLACED,
    Command,
    Scene,
    cancel,
    cash,
    close,
    close_both,
    fill,
    place,
    scene,
    settle,
    settle_on_touch,
)
from tests.race.threads import in_turn, together

ROUNDS, SOAK_ROUNDS = 2, 60
Preparing = Callable[[Scene], Command]


@dataclass(frozen=True)
class Pair:
    """Two commands and what they contend for: with this much available before, the one that comes first decides what the other can do."""

    name: str
    first: Preparing
    second: Preparing
    contention: str
    available: Decimal = NOTHING
    is_closing: bool = False  # the resting order would close the lot
    is_in_parts: bool = False  # the tick fills half of the resting order
    second_contends: Preparing | None = None  # in place of the second, where that one would go ahead in any case

    @property
    def is_symmetric(self) -> bool:
        """Whichever goes first, the books end up the same: the second finds nothing left to do, and that is the contention."""
        return self.name in {"place place", "fill fill", "cancel cancel", "close close", "cash cash", "settle settle"}


PAIRS = (
    Pair("place place", place, place, "the last of the margin, enough for one", PLACED),
    Pair("place fill", place, fill, "the last of the margin: the fill's floating loss takes 27.50 of it", PLACED),
    Pair("place cancel", place, cancel, "the margin that the cancel gives back"),
    Pair("place close", place, close, "the margin that the close gives back"),
    Pair("place cash", place, cash, "the last of what is available, as margin or as cash", PLACED),
    Pair("place settle", place, settle, "the margin of the DAY order that ends with the day"),
    Pair("fill fill", fill, fill, "one order, met twice by one tick"),
    Pair("fill cancel", fill, cancel, "one order"),
    Pair("fill close", fill, close, "the lot that the fill opens", second_contends=close_both),
    Pair("fill cash", fill, cash, "the last of what is available: the fill's floating loss takes 27.50 of it", PLACED),
    Pair("fill settle", fill, settle, "one DAY order, filled on its day or expired with it"),
    Pair("cancel cancel", cancel, cancel, "one order"),
    Pair("cancel close", cancel, close, "the lot that the canceled order was to close", is_closing=True),
    Pair("cancel cash", cancel, cash, "the margin that the cancel gives back"),
    Pair("cancel settle", cancel, settle, "one DAY order, canceled or expired"),
    Pair("close close", close, close, "one lot"),
    Pair("close cash", close, cash, "the margin that the close gives back"),
    Pair("close settle", close, settle, "one lot, closed on its day or marked and closed on the next"),
    Pair("cash cash", cash, cash, "the last of what is available", PLACED),
    Pair("cash settle", cash, settle, "the margin of the DAY order that ends with the day"),
    Pair("settle settle", settle, settle_on_touch, "one account day"),
)
FILLS_IN_PARTS = tuple(replace(pair, is_in_parts=True) for pair in PAIRS if fill in (pair.first, pair.second))
by_name = pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name.replace(" ", "-"))


@pytest.fixture(scope="module")
def shared_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """One database for everything that leaves right books: each meeting has a market of its own."""
    with database_of_its_own(django_db_blocker):
        yield


def contending(pair: Pair) -> tuple[Scene, Command, Command]:
    met = scene(pair.available, is_closing=pair.is_closing, in_parts=pair.is_in_parts)
    return met, pair.first(met), (pair.second_contends or pair.second)(met)


def both_able(pair: Pair) -> tuple[Scene, Command, Command]:
    """With means for either of the two: only what the other has changed since can be in the way."""
    met = scene(PLACED)
    return met, pair.first(met), pair.second(met)


def left(met: Scene, pair: Pair, first: Any, second: Any) -> tuple[Any, ...]:
    """What the two said and what they left; ticks that were not shown to a busy account are shown again."""
    if fill in (pair.first, pair.second):
        with met.desk.now():
            met.see_tick()
    return first, second, met.figures


def one_after_the_other(pair: Pair, *, reverse: bool) -> tuple[Any, ...]:
    met, first, second = contending(pair)
    said: dict[Command, Any] = {}
    with met.desk.now():
        for command in (second, first) if reverse else (first, second):
            said[command] = command()
    return left(met, pair, said[first], said[second])


def one_behind_the_other(pair: Pair, monkeypatch: pytest.MonkeyPatch, *, reverse: bool) -> tuple[Any, ...]:
    met, first, second = contending(pair)
    held, waiting = (second, first) if reverse else (first, second)
    results = in_turn(met.desk, monkeypatch, held, waiting)
    return left(met, pair, *(results[::-1] if reverse else results))


def both_at_once(pair: Pair) -> tuple[Any, ...]:
    met, first, second = contending(pair)
    return left(met, pair, *together(met.desk, first, second))


def test_every_pair_is_in_the_table() -> None:
    names = ("place", "fill", "cancel", "close", "cash", "settle")
    assert [pair.name for pair in PAIRS] == [f"{first} {second}" for first, second in combinations_with_replacement(names, 2)]


@by_name
@pytest.mark.usefixtures("own_database")
def test_without_the_lock_a_pair_harms_the_books_or_the_database_refuses(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for reverse in (False, True):
        met, first, second = both_able(pair)
        before = broken_invariants()
        caplog.clear()
        results = in_turn(met.desk, monkeypatch, *((second, first) if reverse else (first, second)), locked=False)
        was_refused = any(isinstance(result, DatabaseError | SettlementIncomplete) for result in results)
        # evaluation and placement go on when the database refuses a fill or an order, and say so
        was_said = "an order cannot be filled" in caplog.text or "an order cannot be recorded" in caplog.text
        assert was_refused or was_said or broken_invariants() != before, (reverse, results)


@pytest.mark.parametrize("pair", [*PAIRS, *FILLS_IN_PARTS], ids=lambda pair: pair.name.replace(" ", "-") + "-in-parts" * pair.is_in_parts)
@pytest.mark.usefixtures("shared_database")
def test_with_the_lock_a_pair_leaves_what_it_leaves_one_after_the_other(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    in_order, reversed_order = (one_after_the_other(pair, reverse=reverse) for reverse in (False, True))
    if not pair.is_symmetric:
        assert in_order != reversed_order, "they do not contend"
    assert one_behind_the_other(pair, monkeypatch, reverse=False) == in_order
    assert one_behind_the_other(pair, monkeypatch, reverse=True) == reversed_order
    for _ in range(ROUNDS):
        assert both_at_once(pair) in (in_order, reversed_order)
    assert_books_are_right()


@pytest.mark.soak
@by_name
@pytest.mark.usefixtures("shared_database")
def test_the_same_in_many_rounds(pair: Pair) -> None:
    legal = [one_after_the_other(pair, reverse=reverse) for reverse in (False, True)]
    for _ in range(SOAK_ROUNDS):
        assert both_at_once(pair) in legal
    assert_books_are_right()
