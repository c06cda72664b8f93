"""The newest quotes of a market, for pages, programs and fresh subscribers."""

from collections.abc import Iterator
from typing import Any

from quotes.domain.frames import tick_frame
from quotes.domain.ticks import Tick
from quotes.models import LatestQuote


def latest_quotes(market_id: int) -> list[LatestQuote]:
    """One per listed instrument that has had a clean tick, by symbol, with its instrument."""
    rows = LatestQuote.objects.filter(
        market_id=market_id,
        seq__isnull=False,
        instrument__is_active=True,
        instrument__listings__market_id=market_id,
        instrument__listings__is_active=True,
    )
    return list(rows.select_related("instrument").order_by("instrument__symbol"))


def latest_frames(market_id: int) -> Iterator[dict[str, Any]]:
    """The same as frames for clients."""
    for row in latest_quotes(market_id):
        assert row.seq is not None
        assert row.time is not None
        assert row.bid is not None
        assert row.ask is not None
        yield tick_frame(row.instrument.symbol, Tick(row.seq, row.time, row.bid, row.ask, row.last))
