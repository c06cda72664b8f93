"""Which lots a close takes and which it is charged as, as tables; and what must hold for every sequence of opens and closes (rules/futures.md §4)."""

from datetime import date
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.domain.lots import LotState, charge, of, taken, taken_as_todays
from tests.accounts.builders import MONDAY, lot

D = Decimal
FRIDAY = date(2026, 2, 27)
CHOICES = ("FIFO", "TODAY_FIRST")


def close(lots: list[LotState], quantity: int, close_order: str, fee_age: str) -> tuple[Decimal, Decimal]:
    """Closes on Monday as a fill does: (lots of Monday that were taken, lots that were charged as Monday's)."""
    todays = taken_as_todays(lots, D(quantity), fee_age, MONDAY)
    charge(lots, todays, MONDAY)
    of_today = D(0)
    for one, part in taken(lots, D(quantity), close_order, MONDAY):
        one.quantity -= part
        of_today += part if one.trading_day == MONDAY else 0
    return of_today, todays


@pytest.mark.parametrize(
    ("choice", "quantity", "expected"),
    [
        ("FIFO", "1", [(1, "1")]),
        ("FIFO", "3", [(1, "2"), (4, "1")]),
        ("FIFO", "5.5", [(1, "2"), (4, "3"), (9, "0.5")]),
        ("FIFO", "9", [(1, "2"), (4, "3"), (9, "4")]),
        ("TODAY_FIRST", "1", [(4, "1")]),
        ("TODAY_FIRST", "5.5", [(4, "3"), (9, "2.5")]),
        ("TODAY_FIRST", "8", [(4, "3"), (9, "4"), (1, "1")]),
    ],
)
def test_a_close_takes_the_oldest_lots_first_or_those_of_today(choice: str, quantity: str, expected: list[tuple[int, str]]) -> None:
    lots = [lot("4", id=9), lot("2", id=1, trading_day=FRIDAY), lot("3", id=4), lot("0", id=0)]
    assert [(one.id, part) for one, part in taken(lots, D(quantity), choice, MONDAY)] == [(id, D(part)) for id, part in expected]


def test_a_position_is_of_one_instrument_and_side() -> None:
    lots = [lot("4", id=9), lot("2", id=1), lot("7", id=2, side="SHORT"), lot("7", id=3, instrument_id=2)]
    assert [one.id for one in of(lots, 1, "LONG")] == [1, 9]


def test_more_than_is_open_cannot_be_taken() -> None:
    with pytest.raises(AssertionError, match="more to close"):
        taken([lot("2")], D(3), "FIFO", MONDAY)


@pytest.mark.parametrize(
    ("close_order", "fee_age", "taken_of_today", "charged_as_today"),
    [
        ("FIFO", "FIFO", 0, 0),
        ("FIFO", "TODAY_FIRST", 0, 1),  # published: carried 3, opened 1, close 3: one at the close-today rate and two at the close rate
        ("TODAY_FIRST", "FIFO", 1, 0),
        ("TODAY_FIRST", "TODAY_FIRST", 1, 1),
    ],
)
def test_carried_3_opened_1_close_3(close_order: str, fee_age: str, taken_of_today: int, charged_as_today: int) -> None:
    lots = [lot("3", id=1, trading_day=FRIDAY), lot("1", id=2)]
    assert close(lots, 3, close_order, fee_age) == (taken_of_today, charged_as_today)
    # What is left is one lot; it is charged as whatever has not been charged yet.
    assert taken_as_todays(lots, D(1), fee_age, MONDAY) == 1 - charged_as_today


def test_the_pool_is_what_was_opened_today_and_not_charged_so_far() -> None:
    lots = [lot("5", id=1, trading_day=FRIDAY), lot("2", id=2)]
    assert [close(lots, 1, "FIFO", "TODAY_FIRST")[1] for _ in range(3)] == [1, 1, 0]
    lots.append(lot("1", id=3))  # opened once more: the pool has one again
    assert [close(lots, 1, "FIFO", "TODAY_FIRST")[1] for _ in range(2)] == [1, 0]


def test_a_lot_that_is_closed_still_counts_for_the_fee() -> None:
    lots = [lot("3", id=1, trading_day=FRIDAY), lot("1", id=2)]
    assert close(lots, 1, "TODAY_FIRST", "FIFO") == (1, 0)
    assert (lots[1].quantity, lots[1].chargeable(MONDAY)) == (0, 1)
    assert [close(lots, 1, "TODAY_FIRST", "FIFO")[1] for _ in range(3)] == [0, 0, 1]


def test_the_pool_of_a_day_that_has_passed_is_empty() -> None:
    lots = [lot("2", id=1, trading_day=FRIDAY, charged_today=D(1))]
    assert taken_as_todays(lots, D(2), "TODAY_FIRST", MONDAY) == 0
    assert taken_as_todays(lots, D(2), "FIFO", MONDAY) == 0
    assert charge(lots, D(0), MONDAY) == []


steps = st.lists(st.tuples(st.booleans(), st.integers(1, 9)), max_size=14)


@given(carried=st.integers(0, 9), steps=steps, close_order=st.sampled_from(CHOICES), fee_age=st.sampled_from(CHOICES))
def test_every_lot_is_charged_once_and_by_the_fee_age(carried: int, steps: list[tuple[bool, int]], close_order: str, fee_age: str) -> None:
    ids = count(1)
    lots = [lot(str(carried), id=next(ids), trading_day=FRIDAY)]
    opened, of_today, as_today, closed = 0, D(0), D(0), 0
    for is_opening, size in steps:
        if is_opening:
            lots.append(lot(str(size), id=next(ids)))
            opened += size
            continue
        size = min(size, int(sum(one.quantity for one in lots)))
        pool = opened - as_today
        taken_of_today, charged_as_today = close(lots, size, close_order, fee_age)
        carried_left = carried - (closed - as_today)
        assert charged_as_today == (min(size, pool) if fee_age == "TODAY_FIRST" else max(size - carried_left, 0))
        of_today, as_today, closed = of_today + taken_of_today, as_today + charged_as_today, closed + size
        if close_order == fee_age:
            assert of_today == as_today  # charged by the age of what was taken
        # What is charged was there to charge: never more of today's than were opened, nor more carried ones than there were.
        assert 0 <= as_today <= opened
        assert 0 <= closed - as_today <= carried
        assert all(0 <= one.charged_today <= one.opened_quantity for one in lots)
    assert sum(one.charged_today for one in lots) == as_today


@given(carried=st.integers(0, 9), opened=st.integers(0, 9), parts=st.lists(st.integers(1, 6), max_size=6), fee_age=st.sampled_from(CHOICES))
def test_closing_in_parts_is_charged_as_closing_at_once(carried: int, opened: int, parts: list[int], fee_age: str) -> None:
    while sum(parts) > carried + opened:
        parts = parts[:-1]
    split, whole = ([lot(str(carried), id=1, trading_day=FRIDAY), lot(str(opened), id=2)] for _ in range(2))
    in_parts = sum(close(split, part, "FIFO", fee_age)[1] for part in parts)
    assert in_parts == close(whole, sum(parts), "FIFO", fee_age)[1]
