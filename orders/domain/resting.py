"""Resting orders on their way to a fill, as they are known before their accounts are locked. Pure values."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from orders.domain.order import WorkingOrder
from orders.matching import dealer
from orders.matching.dealer import Deal
from quotes.domain.dealing import Quote


@dataclass(frozen=True, slots=True)
class Resting:
    """What decides which ticks fill a resting order: only those after `checked_seq`, and `leaves` lots at most."""

    order_id: int
    account_id: int
    is_buy: bool
    limit_price: Decimal
    checked_seq: int
    leaves: Decimal


@dataclass(frozen=True, slots=True)
class Due:
    """A resting order as it stands when a tick that meets it comes, and what the house deals at that tick."""

    resting: Resting
    quote: Quote
    deal: Deal

    @property
    def place(self) -> tuple[int, int]:
        """Fills go by tick, then by order."""
        return self.quote.seq, self.resting.order_id

    @property
    def leaves_after(self) -> Decimal:
        """What later ticks may still fill."""
        return self.resting.leaves - self.deal.quantity

    def is_still_that_of(self, order: WorkingOrder) -> bool:
        """Whether the order is what it was when the tick was found, so that no tick fills it twice and none is passed over."""
        now = (order.limit_price, order.checked_seq, order.leaves)
        return now == (self.resting.limit_price, self.resting.checked_seq, self.resting.leaves)


def dues_of(resting: Resting, crossings: Iterable[Quote], most: Decimal | None) -> Iterator[Due]:
    """What each of the quotes that meet the order gives it, at most `most` lots of one (None: any number), until nothing is left of it.

    Each due knows the order as the one before leaves it.
    """
    for quote in crossings:
        deal = dealer.deal(quote, is_buy=resting.is_buy, limit_price=resting.limit_price, leaves=resting.leaves, most=most)
        if deal is None:
            return
        due = Due(resting, quote, deal)
        yield due
        if not due.leaves_after:
            return
        resting = replace(resting, checked_seq=quote.seq, leaves=due.leaves_after)


@dataclass(frozen=True, slots=True)
class Lead:
    """A stream of ticks and the right to evaluate it; without an epoch nobody is fenced off."""

    market_id: int
    instrument_id: int
    epoch: int | None = None
