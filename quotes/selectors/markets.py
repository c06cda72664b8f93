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
    """The market's time: the wall clock's, its newest tick's, or what its script has reached."""
    if market.clock == MarketClock.SCRIPT:
        return script_time(market) or clock.now()
    if market.clock == MarketClock.WALL:
        return clock.now()
    return LatestQuote.objects.filter(market=market).aggregate(at=Max("time"))["at"] or clock.now()


def calendar_day(market: Market) -> date:
    """The trading day the market's calendar is in. A market with a time of its own has none before that begins: BEFORE_FIRST_DAY."""
    if market.clock == MarketClock.WALL:
        return market_calendar(market.pk).trading_day(clock.now())
    reached = script_time(market) if market.clock == MarketClock.SCRIPT else _reached_by_all(market)
    return market_calendar(market.pk).trading_day(reached) if reached else BEFORE_FIRST_DAY


def script_time(market: Market) -> datetime | None:
    """How far the market's script has come, read now."""
    return Market.objects.values_list("script_time", flat=True).get(pk=market.pk)


def _reached_by_all(market: Market) -> datetime | None:
    # By every instrument: a day is over once all have passed it.
    return LatestQuote.objects.filter(market=market).aggregate(at=Min("time"))["at"]


def current_trading_day(market: Market) -> date:
    """The trading day that bookings belong to now: the calendar's, or the first after the last that is priced."""
    calendar, day = market_calendar(market.pk), calendar_day(market)
    if market.priced_through is not None and day <= market.priced_through:
        return calendar.next_trading_day(market.priced_through)
    return day
