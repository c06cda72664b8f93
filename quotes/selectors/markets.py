"""Reads of whole markets: their calendar, their time, their trading day."""

from datetime import date, datetime

from quotes.domain.calendar import Calendar
from quotes.enums import MarketClock
from quotes.models import LatestQuote, Listing, Market
from quotes.selectors.calendars import calendar_of
from tradingdesk.kernel import clock
from tradingdesk.kernel.errors import NotFound

BEFORE_FIRST_DAY = date(1900, 1, 1)  # what is booked in a market of recorded days before its first tick: it counts to the first day that is settled


def market_calendar(market_id: int) -> Calendar:
    """The calendar the market's trading days follow: that of its first listing. Raises NotFound when nothing is listed."""
    calendar_id = Listing.objects.filter(market_id=market_id).order_by("pk").values_list("calendar_id", flat=True).first()
    if calendar_id is None:
        raise NotFound("Nothing is listed in this market.", market=market_id)
    return calendar_of(calendar_id)


def market_now(market: Market) -> datetime:
    """The market's time: the wall clock's, or its newest tick's where it lives in its feed's time."""
    feed_time = _feed_time(market) if market.clock == MarketClock.FEED else None
    return feed_time or clock.now()


def _feed_time(market: Market) -> datetime | None:
    return LatestQuote.objects.filter(market=market, time__isnull=False).order_by("-time").values_list("time", flat=True).first()


def calendar_day(market: Market) -> date:
    """The trading day the market's calendar is in. A market in its feed's time has none before its first tick: BEFORE_FIRST_DAY."""
    if market.clock == MarketClock.FEED and _feed_time(market) is None:
        return BEFORE_FIRST_DAY
    return market_calendar(market.pk).trading_day(market_now(market))


def current_trading_day(market: Market) -> date:
    """The trading day that bookings belong to now: the calendar's, or the first after the last that is priced."""
    calendar, day = market_calendar(market.pk), calendar_day(market)
    if market.priced_through is not None and day <= market.priced_through:
        return calendar.next_trading_day(market.priced_through)
    return day
