"""Some hours of prices before the first start, so that the first chart has candles: the simulator's own walk, recorded as any tick is."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from quotes.domain.ticks import Tick
from quotes.domain.walk import Walk
from quotes.feeds.simulator import walk_settings
from quotes.models import LatestQuote, Listing, Market
from quotes.services.ticks import record
from tradingdesk.kernel import clock

HOURS = 8
TICKS_PER_SECOND = "0.5"  # sparser than live: a minute's candle needs no more, and the first start stays quick
ROWS_PER_WRITE = 5_000


def past_prices(market: Market) -> int:
    """Ticks of the last hours for every listing of the market that has never been quoted; how many."""
    quoted = LatestQuote.objects.filter(market=market, seq__isnull=False).values("instrument_id")
    unquoted = Listing.objects.filter(market=market).exclude(instrument_id__in=quoted).select_related("instrument")
    return sum(_simulate(market, listing) for listing in unquoted)


def _simulate(market: Market, listing: Listing) -> int:
    options = {**market.feed_options, "ticks_per_second": TICKS_PER_SECOND}
    walk = Walk(walk_settings(options, listing.instrument.symbol, listing.instrument.tick_size))
    now = clock.now()
    ticks = _ticks(walk, now - timedelta(hours=HOURS), now)
    written = 0
    while batch := list(islice(ticks, ROWS_PER_WRITE)):
        record(market.pk, listing.instrument_id, batch, market.feed)
        written += len(batch)
    return written


def _ticks(walk: Walk, at: datetime, until: datetime) -> Iterator[Tick]:
    while True:
        seconds, bid, ask = walk.step()
        at += timedelta(seconds=seconds)
        if at >= until:
            return
        yield Tick(0, at, bid, ask)
