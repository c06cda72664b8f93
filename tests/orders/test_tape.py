"""The tape: the quotes after an order's place, in session, that meet its limit; the same as looking at each quote in turn."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.matching.dealer import price_for
from orders.matching.tape import BLOCK, Tape
from quotes.domain.dealing import Quote

START = datetime(2026, 3, 2, 12, tzinfo=UTC)


def quotes(bids: list[int], first_seq: int = 1) -> list[Quote]:
    """One a second; the ask is one above the bid."""
    at = [START + timedelta(seconds=n) for n in range(len(bids))]
    return [Quote(first_seq + n, at[n], Decimal(bid), Decimal(bid + 1), "test", at[n]) for n, bid in enumerate(bids)]


def always(at: datetime) -> bool:
    return True


def first_crossing(tape: Tape, **asked: Any) -> Quote | None:
    return next(tape.crossings(**asked), None)


@pytest.mark.parametrize(
    ("is_buy", "limit", "after_seq", "seq", "price"),
    [
        (True, "101", 0, 2, "101"),  # the ask of the second quote meets the limit exactly
        (True, "105", 0, 1, "103"),
        (True, "105", 1, 2, "101"),  # not the tick it was placed at
        (True, "100", 0, None, None),
        (False, "104", 0, 3, "104"),
        (False, "99", 3, None, None),
        (False, "100", 1, 2, "100"),
    ],
)
def test_finds_the_first_quote_that_meets_the_limit(is_buy: bool, limit: str, after_seq: int, seq: int | None, price: str | None) -> None:
    found = first_crossing(Tape(quotes([102, 100, 104]), always), after_seq=after_seq, is_buy=is_buy, limit_price=Decimal(limit))
    assert (found and (found.seq, found.ask if is_buy else found.bid)) == (seq and (seq, Decimal(price or 0)))


def test_passes_over_quotes_outside_sessions() -> None:
    tape = Tape(quotes([90, 91, 92]), lambda at: at > START + timedelta(seconds=1))
    found = first_crossing(tape, after_seq=0, is_buy=True, limit_price=Decimal(100))
    assert found is not None
    assert (found.seq, found.ask) == (3, 93)


def test_asks_for_the_session_of_quotes_whose_price_is_met_and_once_each() -> None:
    asked: list[datetime] = []
    tape = Tape(quotes([200] * 300 + [90, 90]), lambda at: bool(asked.append(at)))
    for _ in range(50):
        assert first_crossing(tape, after_seq=0, is_buy=True, limit_price=Decimal(100)) is None
    assert asked == [START + timedelta(seconds=300), START + timedelta(seconds=301)]


def test_an_empty_tape_meets_nothing() -> None:
    assert first_crossing(Tape([], always), after_seq=0, is_buy=True, limit_price=Decimal(100)) is None


@given(
    bids=st.lists(st.integers(80, 120), max_size=3 * BLOCK),
    closed=st.sets(st.integers(0, 3 * BLOCK)),
    after=st.integers(0, 3 * BLOCK + 12),
    is_buy=st.booleans(),
    limit=st.integers(78, 123).map(Decimal),
)
def test_finds_all_that_looking_at_each_quote_in_turn_finds(bids: list[int], closed: set[int], after: int, is_buy: bool, limit: Decimal) -> None:
    tape = quotes(bids, first_seq=10)
    shut = {START + timedelta(seconds=n) for n in closed}
    met = [quote for quote in tape if price_for(quote, is_buy=is_buy, limit_price=limit) is not None]
    expected = [quote for quote in met if quote.seq > after and quote.time not in shut]
    assert list(Tape(tape, lambda at: at not in shut).crossings(after_seq=after, is_buy=is_buy, limit_price=limit)) == expected


def test_the_next_quote_is_looked_for_only_when_it_is_asked_for() -> None:
    asked: list[datetime] = []
    crossings = Tape(quotes([90] * 5), lambda at: not asked.append(at)).crossings(after_seq=0, is_buy=True, limit_price=Decimal(100))
    assert (next(crossings).seq, next(crossings).seq, len(asked)) == (1, 2, 2)
