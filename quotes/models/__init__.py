"""What the market side keeps."""

from quotes.models.calendar import Holiday, SessionCalendar, SessionWindow
from quotes.models.instrument import FeeSchedule, Instrument, MarginSchedule
from quotes.models.market import Listing, Market
from quotes.models.price import Bar, LatestQuote, SettlementPrice, Tick, TickImport

__all__ = [
    "Bar",
    "FeeSchedule",
    "Holiday",
    "Instrument",
    "LatestQuote",
    "Listing",
    "MarginSchedule",
    "Market",
    "SessionCalendar",
    "SessionWindow",
    "SettlementPrice",
    "Tick",
    "TickImport",
]
