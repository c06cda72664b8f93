"""The dealer: the house at its quote. Buys meet the ask, sells the bid; a limit fills at the quote, never worse than its limit (DESIGN §4)."""

from decimal import Decimal

from quotes.domain.dealing import Quote


def price_for(quote: Quote, *, is_buy: bool, limit_price: Decimal | None) -> Decimal | None:
    """The price the house deals at, or None when the limit is not met; no limit is always met."""
    price = quote.ask if is_buy else quote.bid
    if limit_price is None:
        return price
    met = price <= limit_price if is_buy else price >= limit_price
    return price if met else None
