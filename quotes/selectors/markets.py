"""Reads of whole markets: their calendar, their time, their trading day."""

from datetime import date, datetime

from quotes.domain.calendar import Calendar
from quotes.enums import MarketClock
from quotes.models import LatestQuote, Listing, Market
from quotes.selectors.calendars import calendar_of
from tradingdesk.kernel import clock
from tradingdesk.kernel.errors import NotFound


def market_calendar(market_id: int) -> Calendar:
    """The calendar the market's trading days follow: that of its first listing. Raises NotFound when nothing is listed."""
    calendar_id = Listing.objects.filter(market_id=market_id).order_by("pk").values_list("calendar_id", flat=True).first()
    if calendar_id is None:
        raise NotFound("Nothing is listed in this market.", market=market_id)
    return calendar_of(calendar_id)


def market_now(market: Market) -> datetime:
    """The market's time: the wall clock's, or its newest tick's where it lives in its feed's time."""
    if market.clock == MarketClock.FEED:
        newest = LatestQuote.objects.filter(market=market, time__isnull=False).order_by("-time").values_list("time", flat=True).first()
        if newest is not None:
            return newest
    return clock.now()


def current_trading_day(market: Market) -> date:
    """The trading day that bookings belong to now: the calendar's, or the first after the last that is priced."""
    calendar = market_calendar(market.pk)
    day = calendar.trading_day(market_now(market))
    if market.priced_through is not None and day <= market.priced_through:
        return calendar.next_trading_day(market.priced_through)
    return day
