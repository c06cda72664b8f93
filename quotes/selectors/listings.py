"""What trades where, by the names people use."""

from django.db.models import QuerySet

from quotes.models import Listing, Market
from tradingdesk.kernel.errors import NotFound


def market_named(code: str) -> Market:
    """The active market of this code; raises NotFound UNKNOWN_MARKET."""
    market = Market.objects.filter(code=code, is_active=True).first()
    if market is None:
        raise NotFound("There is no such market.", code="UNKNOWN_MARKET", market=code)
    return market


def listing_named(market: Market, symbol: str) -> Listing:
    """How the instrument trades in the market; raises NotFound UNKNOWN_INSTRUMENT."""
    listing = active_listings(market.pk).filter(instrument__symbol=symbol).first()
    if listing is None:
        raise NotFound("The instrument does not trade in this market.", code="UNKNOWN_INSTRUMENT", market=market.code, instrument=symbol)
    return listing


def active_listings(market_id: int) -> QuerySet[Listing]:
    """What trades in the market now, by symbol, with instrument and calendar."""
    rows = Listing.objects.filter(market_id=market_id, is_active=True, instrument__is_active=True)
    return rows.select_related("instrument", "calendar").order_by("instrument__symbol")
