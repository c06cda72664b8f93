"""A small market for tests: gold, quoted in thousandths, with COMEX's sessions or open round the clock."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from quotes.domain.ticks import Tick
from quotes.enums import MarketKind
from quotes.models import Instrument, Listing, Market, SessionCalendar, SessionWindow
from quotes.selectors import calendars

START = datetime(2014, 5, 1, 12, 0, tzinfo=UTC)  # a Thursday


@dataclass(frozen=True)
class Gold:
    """The ids a test talks about."""

    market: int
    instrument: int
    code: str
    symbol: str = "XAUUSD"


def gold_market(code: str = "demo", *, always_open: bool = False, **market: Any) -> Gold:
    """A market that lists gold."""
    instrument, _ = Instrument.objects.get_or_create(symbol="XAUUSD", defaults={"name": "Gold", "multiplier": 100, "tick_size": Decimal("0.001")})
    calendar = _round_the_clock() if always_open else _comex()
    row = Market.objects.create(code=code, name=code, kind=MarketKind.DEMO, **market)
    Listing.objects.create(market=row, instrument=instrument, calendar=calendar)
    calendars.forget()
    return Gold(row.pk, instrument.pk, code)


def _comex() -> SessionCalendar:
    calendar, is_new = SessionCalendar.objects.get_or_create(
        code="COMEX", defaults={"name": "COMEX", "timezone": "America/New_York", "rolls_at": time(17)}
    )
    if is_new:
        for weekday in (7, 1, 2, 3, 4):
            SessionWindow.objects.create(calendar=calendar, weekday=weekday, opens_at=time(18), closes_at=time(17))
    return calendar


def _round_the_clock() -> SessionCalendar:
    calendar, is_new = SessionCalendar.objects.get_or_create(
        code="ALWAYS", defaults={"name": "Always", "timezone": "UTC", "trading_weekdays": "1234567"}
    )
    if is_new:
        for weekday in range(1, 8):
            SessionWindow.objects.create(calendar=calendar, weekday=weekday, opens_at=time(0), closes_at=time(0))
    return calendar


def tick(seconds: float, bid: str, ask: str | None = None, last: str | None = None, size: str | None = None) -> Tick:
    """A tick so many seconds after START; the ask is 0.3 above the bid unless given."""
    price = Decimal(bid)
    return Tick(
        0,
        START + timedelta(seconds=seconds),
        price,
        Decimal(ask) if ask else price + Decimal("0.3"),
        Decimal(last) if last else None,
        Decimal(size) if size else None,
    )
