"""Reads of whole markets: their calendar, their time, their trading day."""

from datetime import date, datetime

from django.db.models import Max, Min

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
    if market.clock != MarketClock.FEED:
        return clock.now()
    return LatestQuote.objects.filter(market=market).aggregate(at=Max("time"))["at"] or clock.now()


def calendar_day(market: Market) -> date:
    """The trading day the market's calendar is in. A market in its feed's time has none before its first tick: BEFORE_FIRST_DAY."""
    if market.clock != MarketClock.FEED:
        return market_calendar(market.pk).trading_day(clock.now())
    reached = LatestQuote.objects.filter(market=market).aggregate(at=Min("time"))["at"]  # by every instrument: a day is over once all have passed it
    return market_calendar(market.pk).trading_day(reached) if reached else BEFORE_FIRST_DAY


def current_trading_day(market: Market) -> date:
    """The trading day that bookings belong to now: the calendar's, or the first after the last that is priced."""
    calendar, day = market_calendar(market.pk), calendar_day(market)
    if market.priced_through is not None and day <= market.priced_through:
        return calendar.next_trading_day(market.priced_through)
    return day
