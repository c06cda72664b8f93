"""The LatestQuote row is the one lock of a stream of ticks: whoever appends ticks or rebuilds bars holds it, and no account's lock beside it."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tradingdesk.kernel import sql
from tradingdesk.kernel.errors import Conflict, NotFound

LOCK = """
SELECT q.id, q.market_id, q.instrument_id, i.symbol, l.calendar_id, l.max_jump_rate, q.last_seq, q.seq, q.time, q.trading_day, q.bid, q.ask, q.leader_epoch
FROM quotes_listing l JOIN quotes_instrument i ON i.id = l.instrument_id
    JOIN quotes_latestquote q ON q.market_id = l.market_id AND q.instrument_id = l.instrument_id
WHERE l.market_id = %s AND l.instrument_id = %s FOR NO KEY UPDATE OF q"""
CREATE = """
INSERT INTO quotes_latestquote (market_id, instrument_id, last_seq, evaluated_seq, leader_epoch, source)
SELECT market_id, instrument_id, 0, 0, 0, '' FROM quotes_listing WHERE market_id = %s AND instrument_id = %s
ON CONFLICT (market_id, instrument_id) DO NOTHING"""


@dataclass(frozen=True, slots=True)
class LockedQuote:
    """The locked row with what its listing says: where the stream stands. `seq` to `ask` are None before the first clean tick."""

    id: int
    market_id: int
    instrument_id: int
    symbol: str
    calendar_id: int
    max_jump_rate: Decimal
    last_seq: int
    seq: int | None
    time: datetime | None
    trading_day: date | None
    bid: Decimal | None
    ask: Decimal | None
    leader_epoch: int


class NotLeading(Conflict):
    """Another process has taken the lead since; this one must stop."""

    code = "NOT_LEADING"


def lock_latest_quote(market_id: int, instrument_id: int, leader_epoch: int | None = None) -> LockedQuote:
    """Locks the row until the transaction ends, makes it if need be; raises NotFound when the instrument is not listed in the market.

    Raises NotLeading when a `leader_epoch` is given and is no longer the newest.
    """
    for _ in range(2):
        row = sql.execute(LOCK, [market_id, instrument_id]).fetchone()
        if row is not None:
            return _led(LockedQuote(*row), leader_epoch)
        sql.execute(CREATE, [market_id, instrument_id])
    raise NotFound("The instrument is not listed in this market.", market=market_id, instrument=instrument_id)


def _led(locked: LockedQuote, leader_epoch: int | None) -> LockedQuote:
    if leader_epoch not in (None, locked.leader_epoch):
        message = "Another process leads this market now."
        raise NotLeading(message, market=locked.market_id, instrument=locked.instrument_id, epoch=leader_epoch, newest=locked.leader_epoch)
    return locked
