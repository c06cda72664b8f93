"""Stories: what clients, the feed, the market process and the desk may do, in any order; after each of it the books are compared.

Deterministic: its own clock, no threads, all in a transaction that is rolled back. So a failure shrinks to the shortest story that shows it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import Any

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.proofs.both import Both, Fed, Where
from tests.proofs.desks import Traded
from tests.proofs.things import Wish

F = Fraction
NOW = timedelta(seconds=1)
JUMPS = {"up": 400, "down": -400}  # far beyond what a listing lets pass
BAD: dict[str, dict[str, Any]] = {
    "nothing": {"quantity": F(0)},
    "less": {"quantity": F(-1)},
    "too much": {"quantity": F(51)},
    "a part of a lot": {"quantity": F(1, 20)},
}
BAD |= {"off the tick": {"limit": F(2_000_001, 1000)}, "for nothing": {"limit": F(0)}, "below nothing": {"limit": F(-5)}}


class Books(RuleBasedStateMachine):
    """Each of these may find nothing to be done; then nothing happens, on either side."""

    traded: list[Traded] = []

    def __init__(self) -> None:
        super().__init__()
        self.before = transaction.savepoint()
        self.both = Both(self.traded)

    def teardown(self) -> None:
        transaction.savepoint_rollback(self.before)

    @initialize(cents=st.tuples(*[st.integers(3_000_000, 20_000_000)] * 3))
    def first_deposits(self, cents: Sequence[int]) -> None:
        for where, amount in zip(self.both.accounts, cents, strict=True):
            self.both.cash(where, F(amount, 100))

    @rule(what=st.deferred(lambda: HAPPENINGS))  # type: ignore[has-type]
    def then(self, what: tuple[str, dict[str, Any]]) -> None:
        # One rule, so that every story has a bit of everything: with many, each story would do without half of them.
        name, how = what
        getattr(self, name)(**how)

    @invariant()
    def the_books_are_the_same(self) -> None:
        self.both.compare()

    def deposits(self, where: Where, cents: int) -> None:
        self.both.cash(where, F(cents, 100))

    def withdraws(self, where: Where, cents: int) -> None:
        self.both.cash(where, -F(cents, 100))

    def withdraws_all(self, where: Where, cents_more: int) -> None:
        market = self.both.kept[where[0]]
        amount = max(market.available(market.accounts[where[1]]), F(0)) + F(cents_more, 100)
        if amount:
            self.both.cash(where, -amount)

    def places(self, wishes: Sequence[tuple[Any, ...]], twice: bool) -> None:
        asked = [self._wish(*wish) for wish in wishes]
        self.both.place(asked + asked[:1] if twice else asked)

    def places_badly(self, where: Where, is_buy: bool, how: str) -> None:
        market, wish = self._wish(where, is_buy, 1, 0, "GTC")
        self.both.place([(market, replace(wish, **BAD[how]))])

    def closes(self, which: int, share: Fraction, limit: int | None, lives: str) -> None:
        if self.both.lots:
            where, lot = self.both.lots[which % len(self.both.lots)]
            step = self.both.kept[where[0]].terms.step
            self.both.place([self._wish(where, not lot.is_long, max(step, lot.quantity * share // step * step), limit, lives, is_closing=True)])

    def repeats(self, which: int, changed: bool) -> None:
        """The same client order id again: with the same content it is the same order, with other content it is refused."""
        if self.both.orders:
            market, order = self.both.orders[-1 - which % len(self.both.orders)]
            self.both.place([(market, replace(order.wish, quantity=order.wish.quantity + 1) if changed else order.wish)])

    def cancels(self, which: Sequence[int], only_resting: bool) -> None:
        orders = [one for one in self.both.orders if one[1].rests or not only_resting]
        chosen = {id(order): (market, order) for market, order in (orders[n % len(orders)] for n in which if orders)}
        if chosen:
            self.both.cancel(list(chosen.values()))

    def ticks(self, market: int, moves: Sequence[tuple[int, int, str]], seen: bool) -> None:
        """Not `seen`: the market process has stored them, and ends before any order is compared with them."""
        fed = []
        for move in moves:
            self.both.at += NOW
            fed.append(self._tick(market, *move))
        self.both.take(market, fed, seen=seen)

    def gaps(self, market: int, direction: str) -> None:
        """The market has really moved: three ticks far away that agree."""
        self.ticks(market, [(0, 1, direction)] * 3, seen=True)

    def restarts(self, market: int) -> None:
        """Nothing that was in memory is there any more."""
        self.both.restart(market)

    def time_passes(self, seconds: int, quoted: bool) -> None:
        self.both.time_passes(seconds)
        for market in (0, 1) if quoted else ():
            self.ticks(market, [(0, 1, "")], seen=True)

    def settles(self, market: int) -> None:
        self.both.settle(market)

    def quotes_are_for(self, market: int, steps: int | None) -> None:
        """So many steps of quantity each order gets of one quote."""
        step = self.both.kept[market].terms.step
        self.both.quotes_are_for(market, None if steps is None else step * steps + step / 2)

    def _wish(self, where: Where, is_buy: bool, quantity: Any, limit: int | None, lives: str, is_closing: bool = False) -> tuple[int, Wish]:
        market, number = where
        quote = self.both.kept[market].quote
        price = None if limit is None else (quote.ask if is_buy else quote.bid) + F(limit, 2)
        self.both.orders_named += 1
        return market, Wish(number, f"order-{self.both.orders_named}", is_buy, is_closing, F(quantity), price, "IOC" if price is None else lives)

    def _tick(self, market: int, move: int, spread: int, oddity: str) -> Fed:
        bid = self.both.kept[market].quote.bid + F(move, 2) + JUMPS.get(oddity, 0)
        ask, at = bid + F(spread, 2), self.both.at
        match oddity:
            case "crossed":
                bid, ask = ask + 1, bid
            case "zero":
                bid = F(0)
            case "late":
                at -= timedelta(minutes=1)
        return at, bid, ask


MARKETS = st.sampled_from([0, 0, 1])
ACCOUNTS = st.sampled_from([(0, 0), (0, 1), (1, 0)])  # few, so that much happens to each
LOTS = st.sampled_from([1, 2, 1, 3, 7])
LIMITS = st.one_of(st.none(), st.integers(-8, 8), st.integers(-8, 8))  # half dollars from the quote
LIVES = st.sampled_from(["DAY", "GTC", "IOC", "GTC"])
ODDITIES = st.sampled_from([""] * 12 + ["up", "down", "crossed", "zero", "late"])
MOVES = st.tuples(st.integers(-12, 12), st.sampled_from([1, 0, 6]), ODDITIES)
PAUSES = st.sampled_from([1, 7, 30, 3_600, 6 * 3_600, 18 * 3_600, 30 * 3_600, 80 * 3_600])
SHARES = st.sampled_from([F(1), F(1, 2), F(2)])


def _what(name: str, often: int, **how: Any) -> list[Any]:
    return [st.tuples(st.just(name), st.fixed_dictionaries(how)) for _ in range(often)]


HAPPENINGS = st.one_of(
    *_what("places", 5, wishes=st.lists(st.tuples(ACCOUNTS, st.booleans(), LOTS, LIMITS, LIVES), min_size=1, max_size=3), twice=st.booleans()),
    *_what("ticks", 6, market=MARKETS, moves=st.lists(MOVES, min_size=1, max_size=4), seen=st.booleans()),
    *_what("closes", 4, which=st.integers(0, 9), share=SHARES, limit=LIMITS, lives=LIVES),
    *_what("cancels", 2, which=st.lists(st.integers(0, 9), min_size=1, max_size=3), only_resting=st.booleans()),
    *_what("repeats", 1, which=st.integers(0, 9), changed=st.booleans()),
    *_what("places_badly", 1, where=ACCOUNTS, is_buy=st.booleans(), how=st.sampled_from(sorted(BAD))),
    *_what("deposits", 1, where=ACCOUNTS, cents=st.integers(1, 2_000_000)),
    *_what("withdraws", 1, where=ACCOUNTS, cents=st.integers(1, 4_000_000)),
    *_what("withdraws_all", 1, where=ACCOUNTS, cents_more=st.integers(0, 1)),
    *_what("gaps", 1, market=MARKETS, direction=st.sampled_from(sorted(JUMPS))),
    *_what("time_passes", 3, seconds=PAUSES, quoted=st.sampled_from([True, True, False])),
    *_what("restarts", 1, market=MARKETS),
    *_what("settles", 1, market=MARKETS),
    *_what("quotes_are_for", 1, market=MARKETS, steps=st.sampled_from([None, 1, 3])),
)
