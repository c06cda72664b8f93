"""The dealer: the house at its quote. Buys meet the ask, sells the bid; a limit fills at the quote, never worse than its limit (DESIGN §4)."""

from collections.abc import Iterable
from decimal import Decimal

from quotes.domain.dealing import Quote


def price_for(quote: Quote, *, is_buy: bool, limit_price: Decimal | None) -> Decimal | None:
    """The price the house deals at, or None when the limit is not met; no limit is always met."""
    price = quote.ask if is_buy else quote.bid
    if limit_price is None:
        return price
    met = price <= limit_price if is_buy else price >= limit_price
    return price if met else None


def first_crossing(quotes: Iterable[Quote], *, after_seq: int, is_buy: bool, limit_price: Decimal | None) -> tuple[Quote, Decimal] | None:
    """The first quote after `after_seq` that meets the limit, and the price; quotes ascend by seq."""
    for quote in quotes:
        price = price_for(quote, is_buy=is_buy, limit_price=limit_price) if quote.seq > after_seq else None
        if price is not None:
            return quote, price
    return None
