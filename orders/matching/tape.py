"""A stretch of quotes as resting orders look at it: the price first, the session only of a quote whose price is met, and that once."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

from orders.matching import dealer
from quotes.domain.dealing import Quote

BLOCK = 64  # quotes that are passed over together where the best of them does not meet the limit

Crossing = tuple[Quote, Decimal]


class Tape:
    """Quotes ascending by seq. `is_open` says whether an instant lies in a session."""

    def __init__(self, quotes: Sequence[Quote], is_open: Callable[[datetime], bool]) -> None:
        self._quotes = quotes
        self._is_open = is_open
        self._seqs = [quote.seq for quote in quotes]
        blocks = [quotes[start : start + BLOCK] for start in range(0, len(quotes), BLOCK)]
        self._best = [(min(quote.ask for quote in block), max(quote.bid for quote in block)) for block in blocks]
        self._in_session: dict[int, bool] = {}

    def first_crossing(self, *, after_seq: int, is_buy: bool, limit_price: Decimal) -> Crossing | None:
        """The first quote in session after `after_seq` that meets the limit, and the price the house deals at."""
        start = bisect_right(self._seqs, after_seq)
        for block in range(start // BLOCK, len(self._best)):
            ask, bid = self._best[block]
            if ask <= limit_price if is_buy else bid >= limit_price:
                found = self._first_between(max(start, block * BLOCK), (block + 1) * BLOCK, is_buy, limit_price)
                if found is not None:
                    return found
        return None

    def _first_between(self, start: int, end: int, is_buy: bool, limit_price: Decimal) -> Crossing | None:
        for quote in self._quotes[start:end]:
            price = dealer.price_for(quote, is_buy=is_buy, limit_price=limit_price)
            if price is not None and self._trades(quote):
                return quote, price
        return None

    def _trades(self, quote: Quote) -> bool:
        if quote.seq not in self._in_session:
            self._in_session[quote.seq] = self._is_open(quote.time)
        return self._in_session[quote.seq]
