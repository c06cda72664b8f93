"""Resting orders on their way to a fill, as they are known before their accounts are locked. Pure values."""

from dataclasses import dataclass
from decimal import Decimal

from orders.domain.order import WorkingOrder
from quotes.domain.dealing import Quote


@dataclass(frozen=True, slots=True)
class Resting:
    """What decides which tick fills a resting order."""

    order_id: int
    account_id: int
    is_buy: bool
    limit_price: Decimal
    checked_seq: int


@dataclass(frozen=True, slots=True)
class Due:
    """A resting order, the first tick that meets it, and the price the house deals at."""

    resting: Resting
    quote: Quote
    price: Decimal

    @property
    def place(self) -> tuple[int, int]:
        """Fills go by tick, then by order."""
        return self.quote.seq, self.resting.order_id

    def is_still_that_of(self, order: WorkingOrder) -> bool:
        """Whether the order is what it was when the tick was found."""
        return (order.limit_price, order.checked_seq) == (self.resting.limit_price, self.resting.checked_seq)


@dataclass(frozen=True, slots=True)
class Lead:
    """A stream of ticks and the right to evaluate it; without an epoch nobody is fenced off."""

    market_id: int
    instrument_id: int
    epoch: int | None = None
