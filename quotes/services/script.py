"""The clock of a scripted market: it stands where its script has put it, and never goes back."""

from datetime import datetime

from quotes.enums import MarketClock
from quotes.models import Market
from tradingdesk.kernel.errors import Conflict, NotFound
from tradingdesk.kernel.locks import command


@command
def advance(market_id: int, at: datetime) -> None:
    """Puts the clock of a market with the clock SCRIPT to `at`. Raises NotFound, and Conflict (another clock, or back in time)."""
    market = Market.objects.select_for_update(no_key=True).filter(pk=market_id).first()
    if market is None:
        raise NotFound("There is no such market.", code="UNKNOWN_MARKET", market=market_id)
    if market.clock != MarketClock.SCRIPT:
        raise Conflict(f"{market.code} does not follow a script.", market=market.code, clock=market.clock)
    if market.script_time is not None and at < market.script_time:
        raise Conflict(f"{market.code} has reached {market.script_time.isoformat()} already.", market=market.code, at=at.isoformat())
    Market.objects.filter(pk=market_id).update(script_time=at)
