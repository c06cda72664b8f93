"""A stretch of quotes as resting orders look at it: the price first, the session only of a quote whose price is met, and that once."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from orders.matching import dealer
from quotes.domain.dealing import Quote

BLOCK = 64  # quotes that are passed over together where the best of them does not meet the limit


class Tape:
    """Quotes ascending by seq. `is_open` says whether an instant lies in a session."""

    def __init__(self, quotes: Sequence[Quote], is_open: Callable[[datetime], bool]) -> None:
        self._quotes = quotes
        self._is_open = is_open
        self._seqs = [quote.seq for quote in quotes]
        blocks = [quotes[start : start + BLOCK] for start in range(0, len(quotes), BLOCK)]
        self._best = [(min(quote.ask for quote in block), max(quote.bid for quote in block)) for block in blocks]
        self._in_session: dict[int, bool] = {}

    def crossings(self, *, after_seq: int, is_buy: bool, limit_price: Decimal) -> Iterator[Quote]:
        """The quotes in session after `after_seq` that meet the limit, in order; each is looked for when it is asked for."""
        start = bisect_right(self._seqs, after_seq)
        for block in range(start // BLOCK, len(self._best)):
            ask, bid = self._best[block]
            if ask <= limit_price if is_buy else bid >= limit_price:
                yield from self._between(max(start, block * BLOCK), (block + 1) * BLOCK, is_buy, limit_price)

    def _between(self, start: int, end: int, is_buy: bool, limit_price: Decimal) -> Iterator[Quote]:
        for quote in self._quotes[start:end]:
            if dealer.price_for(quote, is_buy=is_buy, limit_price=limit_price) is not None and self._trades(quote):
                yield quote

    def _trades(self, quote: Quote) -> bool:
        if quote.seq not in self._in_session:
            self._in_session[quote.seq] = self._is_open(quote.time)
        return self._in_session[quote.seq]
