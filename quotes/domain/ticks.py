"""One quote of a feed, as every part of the desk passes it on. Pure."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from quotes.enums import TickFlag


@dataclass(frozen=True, slots=True)
class Tick:
    """`seq` is gapless per (market, instrument), the order of the feed; 0 until recorded. `time` is the feed's stamp, aware; prices are exact."""

    seq: int
    time: datetime
    bid: Decimal
    ask: Decimal
    last: Decimal | None = None
    last_size: Decimal | None = None
    flag: int = TickFlag.CLEAN
    received_at: datetime | None = None

    @property
    def mid(self) -> Decimal:
        """Halfway between bid and ask, exact."""
        return (self.bid + self.ask) / 2
