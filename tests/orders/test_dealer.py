"""What the dealer gives one order at one quote, and what a stretch of quotes gives it: tables and properties, without a database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.resting import Due, Resting, dues_of
from orders.matching.dealer import Deal, deal
from orders.matching.tape import Tape
from quotes.domain.dealing import Quote
from tests.accounts.builders import dealing

D = Decimal
START = datetime(2026, 3, 2, 12, tzinfo=UTC)


def quote(seq: int, bid: str, ask: str) -> Quote:
    at = START + timedelta(seconds=seq)
    return Quote(seq, at, D(bid), D(ask), "test", at)


@pytest.mark.parametrize(
    ("is_buy", "limit", "leaves", "most", "expected"),
    [
        (True, None, "10", None, ("10", "2000.50")),  # no limit and no cap: all of it at the ask
        (True, None, "10", "4", ("4", "2000.50")),
        (False, None, "10", "4", ("4", "2000.00")),  # sells meet the bid
        (True, "2000.50", "3", "4", ("3", "2000.50")),  # less than the cap is left
        (True, "2001.00", "4", "4", ("4", "2000.50")),  # better than its limit
        (True, "2000.49", "10", "4", None),
        (False, "2000.01", "10", None, None),
        (True, None, "0.5", "0.2", ("0.2", "2000.50")),
        (True, None, "10", "0", None),  # a cap below one step of the quantity
    ],
)
def test_deals_at_the_quote_up_to_the_cap(is_buy: bool, limit: str | None, leaves: str, most: str | None, expected: tuple[str, str] | None) -> None:
    found = deal(
        quote(1, "2000.00", "2000.50"), is_buy=is_buy, limit_price=D(limit) if limit else None, leaves=D(leaves), most=D(most) if most else None
    )
    assert found == (Deal(D(expected[0]), D(expected[1])) if expected else None)


@pytest.mark.parametrize(
    ("quote_quantity", "step", "lots"),
    [(None, "1", None), ("4", "1", "4"), ("4.5", "1", "4"), ("0.5", "1", "0"), ("0.25", "0.1", "0.2"), ("0.25", "0", "0.25")],
)
def test_a_cap_counts_in_steps_of_the_quantity(quote_quantity: str | None, step: str, lots: str | None) -> None:
    capped = dealing(quantity_step=D(step), quote_quantity=D(quote_quantity) if quote_quantity else None)
    assert capped.lots_per_quote == (D(lots) if lots else None)


def resting(leaves: str = "10", limit: str = "1990.00", checked_seq: int = 0, *, is_buy: bool = True) -> Resting:
    return Resting(1, 1, is_buy, D(limit), checked_seq, D(leaves))


def dues(order: Resting, quotes: list[Quote], most: str | None) -> list[Due]:
    crossings = Tape(quotes, lambda at: True).crossings(after_seq=order.checked_seq, is_buy=order.is_buy, limit_price=order.limit_price)
    return list(dues_of(order, crossings, D(most) if most else None))


# Three of these four meet a buy at 1990.00.
TAPE = [quote(1, "1989.00", "1989.50"), quote(2, "1995.00", "1995.50"), quote(3, "1980.00", "1980.50"), quote(4, "1985.00", "1985.50")]


@pytest.mark.parametrize(
    ("order", "most", "expected"),
    [
        (resting(), None, [(1, "10", "1989.50")]),
        (resting(), "10", [(1, "10", "1989.50")]),
        (resting(), "4", [(1, "4", "1989.50"), (3, "4", "1980.50"), (4, "2", "1985.50")]),
        (resting(), "3", [(1, "3", "1989.50"), (3, "3", "1980.50"), (4, "3", "1985.50")]),  # one lot is left
        (resting("2"), "1", [(1, "1", "1989.50"), (3, "1", "1980.50")]),  # nothing is left for the fourth
        (resting(checked_seq=3), "4", [(4, "4", "1985.50")]),
        (resting(limit="1000.00"), "4", []),
        (resting(limit="1990.00", is_buy=False), "4", [(2, "4", "1995.00")]),
        (resting(), "0", []),
    ],
)
def test_every_tick_that_meets_it_gives_an_order_a_part(order: Resting, most: str | None, expected: list[tuple[int, str, str]]) -> None:
    assert [(one.quote.seq, str(one.deal.quantity), str(one.deal.price)) for one in dues(order, TAPE, most)] == expected


def test_each_part_knows_the_order_as_the_part_before_leaves_it() -> None:
    order = resting()
    first, second, third = dues(order, TAPE, "4")
    assert first.resting == order
    assert second.resting == replace(order, checked_seq=1, leaves=D(6))
    assert third.resting == replace(order, checked_seq=3, leaves=D(2))
    assert (first.leaves_after, second.leaves_after, third.leaves_after) == (6, 2, 0)


@given(
    asks=st.lists(st.integers(90, 110), max_size=40),
    leaves=st.integers(1, 40).map(D),
    most=st.none() | st.integers(1, 12).map(D),
    cuts=st.lists(st.integers(0, 40), max_size=5),
)
def test_a_stretch_gives_the_same_parts_whole_or_cut(asks: list[int], leaves: Decimal, most: Decimal | None, cuts: list[int]) -> None:
    quotes = [quote(seq, str(ask - 1), str(ask)) for seq, ask in enumerate(asks, start=1)]
    whole = dues(resting(str(leaves), "100"), quotes, str(most) if most else None)
    parts: list[Due] = []
    bounds = [0, *sorted(min(cut, len(quotes)) for cut in cuts), len(quotes)]
    for begin, end in pairwise(bounds):
        filled = sum((one.deal.quantity for one in parts), D(0))
        if filled < leaves:
            seen = parts[-1].quote.seq if parts else 0
            parts += dues(resting(str(leaves - filled), "100", seen), quotes[begin:end], str(most) if most else None)
    assert parts == whole
    given = [one.deal.quantity for one in whole]
    crossing = sum(ask <= 100 for ask in asks)
    assert sum(given) == min(leaves, crossing * most if most else leaves * min(crossing, 1))
    assert all(quantity <= (most or leaves) for quantity in given)
    assert len({one.quote.seq for one in whole}) == len(whole)
