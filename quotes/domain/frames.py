"""What goes over the wire to subscribers: plain values, prices as exact text. Pure."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from quotes.domain.ticks import Tick


def tick_frame(symbol: str, tick: Tick) -> dict[str, Any]:
    """One quote for clients; `time` in milliseconds since 1970 UTC, to the microsecond."""
    return {
        "type": "tick",
        "instrument": symbol,
        "seq": tick.seq,
        "time": milliseconds(tick.time),
        "bid": price_text(tick.bid),
        "ask": price_text(tick.ask),
        "last": None if tick.last is None else price_text(tick.last),
    }


def milliseconds(at: datetime) -> float:
    """An instant as browsers count time; not money, so a float may carry it."""
    return round(at.timestamp() * 1000, 3)


def price_text(price: Decimal) -> str:
    """As the feed wrote it, without exponent and trailing zeros after the point."""
    text = f"{price:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
