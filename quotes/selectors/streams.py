"""Where streams of ticks stand, and stored stretches of them: what the market process starts from and catches up with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from quotes.domain.ticks import Tick
from quotes.enums import TickFlag
from quotes.feeds.base import Wanted
from quotes.models import LatestQuote
from quotes.models import Tick as TickRow
from quotes.selectors.calendars import calendar_of
from quotes.selectors.listings import active_listings

TICK_COLUMNS = ("seq", "time", "bid", "ask", "last", "last_size", "flag", "received_at")


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a stream goes, and how far resting orders have seen it."""

    last_seq: int
    evaluated_seq: int
    source: str


def standing(market_id: int, instrument_id: int) -> Standing:
    """As stored now; zeros before the first tick."""
    row = LatestQuote.objects.filter(market_id=market_id, instrument_id=instrument_id).values_list("last_seq", "evaluated_seq", "source").first()
    return Standing(*row) if row else Standing(0, 0, "")


def clean_ticks(market_id: int, instrument_id: int, after: int, through: int) -> list[Tick]:
    """The stored ticks that may fill orders, `after` < seq ≤ `through`, ascending."""
    rows = TickRow.objects.filter(market_id=market_id, instrument_id=instrument_id, seq__gt=after, seq__lte=through, flag=TickFlag.CLEAN)
    return [Tick(*row) for row in rows.order_by("seq").values_list(*TICK_COLUMNS)]


def wanted_prices(market_id: int) -> list[Wanted]:
    """What a feed of this market must deliver, each from where it stands."""
    return [
        Wanted(
            instrument_id=listing.instrument_id,
            symbol=listing.instrument.symbol,
            tick_size=listing.instrument.tick_size,
            is_open=_session_of(listing.calendar_id),
            latest=latest_tick(market_id, listing.instrument_id),
        )
        for listing in active_listings(market_id)
    ]


def _session_of(calendar_id: int) -> Callable[[datetime], bool]:
    # Asks for the calendar anew each time: an edit of its sessions counts as soon as the cache of calendars lets it (5 s).
    return lambda at: calendar_of(calendar_id).is_open(at)


def latest_tick(market_id: int, instrument_id: int) -> Tick | None:
    """The newest clean tick; None before the first."""
    row = LatestQuote.objects.filter(market_id=market_id, instrument_id=instrument_id, seq__isnull=False).first()
    if row is None or row.seq is None or row.time is None or row.bid is None or row.ask is None:
        return None
    return Tick(row.seq, row.time, row.bid, row.ask, row.last, received_at=row.received_at)
