"""When things happen in a market, and to which trading day they belong. Pure."""

from datetime import date, datetime

from accounts.domain.state import AccountState
from quotes.domain.calendar import Calendar
from quotes.domain.dealing import Dealing
from quotes.enums import MarketClock


def market_time(state: AccountState, dealing: Dealing, wall_time: datetime) -> datetime:
    """The time of the account's market: the wall clock's, its newest tick's, or what its script has reached."""
    if state.clock == MarketClock.FEED and dealing.quote:
        return dealing.quote.time
    return state.own_time if state.clock == MarketClock.SCRIPT and state.own_time else wall_time


def booking_day(calendar: Calendar, state: AccountState, at: datetime) -> date:
    """The trading day something belongs to: the calendar's, or the first after the last one that is priced or settled already."""
    day = calendar.trading_day(at)
    for closed in (state.priced_through, state.settled_through):
        if closed is not None and day <= closed:
            day = calendar.next_trading_day(closed)
    return day
