"""Candles of any width from 1-minute bars, newest page first in the database, ascending in the answer. Labelled by their start.

Intraday frames are counted from the instant the trading day begins (its calendar's roll), so a candle never spans two days. The daily candle is the trading
day's; its label is the day's date at midnight UTC.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from quotes.domain.calendar import Calendar
from quotes.enums import BarFrame, BarPrice
from quotes.models import LatestQuote, Listing
from quotes.selectors.calendars import calendar_of
from tradingdesk.kernel import sql

MINUTES = {BarFrame.M1: 1, BarFrame.M5: 5, BarFrame.M15: 15, BarFrame.H1: 60}
END_OF_TIME = datetime(9000, 1, 1, tzinfo=UTC)

_CANDLE = """extract(epoch FROM label)::bigint, trim_scale((array_agg(o ORDER BY start))[1])::text, trim_scale(max(h))::text, trim_scale(min(l))::text,
    trim_scale((array_agg(c ORDER BY start DESC))[1])::text, sum(ticks)::bigint"""
_MINUTES = """SELECT start, {label} AS label, {price}_open AS o, {price}_high AS h, {price}_low AS l, {price}_close AS c, ticks FROM quotes_bar
    WHERE market_id = %(market)s AND instrument_id = %(instrument)s AND {price}_open IS NOT NULL"""
_DAY_BEGINS = "((trading_day - %(days_back)s::int) + %(rolls_at)s::time) AT TIME ZONE %(timezone)s"
INTRADAY = f"""
SELECT {_CANDLE} FROM (
    {_MINUTES.replace("{label}", f"date_bin(%(width)s::interval, start, {_DAY_BEGINS})")} AND start < %(before)s + %(width)s::interval
    ORDER BY start DESC LIMIT %(minutes)s
) minutes WHERE label < %(before)s GROUP BY label ORDER BY label DESC LIMIT %(limit)s"""
DAILY = f"""
SELECT {_CANDLE} FROM (
    {_MINUTES.replace("{label}", "trading_day")} AND trading_day::timestamp AT TIME ZONE 'UTC' < %(before)s
) minutes GROUP BY label ORDER BY label DESC LIMIT %(limit)s"""


@dataclass(frozen=True, slots=True)
class Page:
    """At most `limit` candles whose label lies before `before`; None: the newest, the one that is still growing included."""

    frame: BarFrame
    price: BarPrice
    limit: int
    before: datetime | None = None


def candles(listing: Listing, page: Page) -> list[dict[str, Any]]:
    """Ascending: time (seconds since 1970), open, high, low, close as exact text, and the number of clean ticks."""
    parameters = {"market": listing.market_id, "instrument": listing.instrument_id, "limit": page.limit, "before": page.before or END_OF_TIME}
    if page.frame == BarFrame.D1:
        rows = sql.fetch_all(DAILY.format(price=page.price.value), parameters)
    else:
        rows = sql.fetch_all(INTRADAY.format(price=page.price.value), {**parameters, **_grid(listing, page)})
    names = ("time", "open", "high", "low", "close", "ticks")
    return [dict(zip(names, row, strict=True)) for row in reversed(rows)]


@dataclass(frozen=True, slots=True)
class GrowingDay:
    """The trading day the newest candle belongs to, in seconds since 1970: whoever draws ticks knows where the next candle begins.

    `label` and `next_label` name its daily candle and the one after it; intraday candles are counted from `begins`, and from `ends` on anew.
    """

    label: int
    begins: int
    ends: int
    next_label: int


def growing_day(listing: Listing) -> GrowingDay | None:
    """That of the newest clean tick; None before the first."""
    quotes = LatestQuote.objects.filter(market_id=listing.market_id, instrument_id=listing.instrument_id)
    day = quotes.values_list("trading_day", flat=True).first()
    if day is None:
        return None
    begins, ends = trading_day_span(calendar_of(listing.calendar_id), day)
    return GrowingDay(_label(day), int(begins.timestamp()), int(ends.timestamp()), _label(calendar_of(listing.calendar_id).next_trading_day(day)))


def trading_day_span(calendar: Calendar, day: date) -> tuple[datetime, datetime]:
    """From where its intraday candles are counted to the first instant that belongs to a later day."""
    back, rolls_at = (timedelta(0), time(0)) if calendar.rolls_at is None else (timedelta(days=1), calendar.rolls_at)
    begins, ends = (datetime.combine(day - back + timedelta(days=later), rolls_at, calendar.zone) for later in (0, 1))
    return begins, ends


def _label(day: date) -> int:
    return int(datetime.combine(day, time(0), UTC).timestamp())


def _grid(listing: Listing, page: Page) -> dict[str, Any]:
    # So many minutes make at least `limit` whole candles beyond a cut one at either end.
    minutes, calendar = MINUTES[page.frame], listing.calendar
    return {
        "width": timedelta(minutes=minutes),
        "minutes": (page.limit + 2) * minutes,
        "timezone": calendar.timezone,
        "rolls_at": calendar.rolls_at or "00:00",
        "days_back": 0 if calendar.rolls_at is None else 1,
    }
