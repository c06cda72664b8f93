"""The dealer: the house at its quote. Buys meet the ask, sells the bid; a limit fills at the quote, never worse than its limit (DESIGN §4).

Of one quote each order gets at most so many lots as the listing says, whoever else asks; what is left waits for the next quote.
"""

from dataclasses import dataclass
from decimal import Decimal

from quotes.domain.dealing import Quote


@dataclass(frozen=True, slots=True)
class Deal:
    """What the house deals with one order at one quote: lots, above zero, and the price of each."""

    quantity: Decimal
    price: Decimal


def price_for(quote: Quote, *, is_buy: bool, limit_price: Decimal | None) -> Decimal | None:
    """The price the house deals at, or None when the limit is not met; no limit is always met."""
    price = quote.ask if is_buy else quote.bid
    if limit_price is None:
        return price
    met = price <= limit_price if is_buy else price >= limit_price
    return price if met else None


def deal(quote: Quote, *, is_buy: bool, limit_price: Decimal | None, leaves: Decimal, most: Decimal | None) -> Deal | None:
    """What an order that wants `leaves` more lots gets of this quote, at most `most` (None: any number); None when it gets nothing."""
    price = price_for(quote, is_buy=is_buy, limit_price=limit_price)
    quantity = leaves if most is None else min(leaves, most)
    return Deal(quantity, price) if price is not None and quantity > 0 else None
