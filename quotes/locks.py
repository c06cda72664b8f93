"""The LatestQuote row is the one lock of a stream of ticks: whoever appends ticks, rebuilds bars or takes the lead holds it, and no account's lock beside it.

Whoever fills orders by its ticks shares it after the accounts, and never waits for it (`share_lead`). So nobody waits here who holds what somebody waits
for who is here: there is no deadlock, and no account stands still behind a long import.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tradingdesk.kernel import sql
from tradingdesk.kernel.errors import Conflict, LockTimeout, NotFound

LOCK = """
SELECT q.id, q.market_id, q.instrument_id, i.symbol, l.calendar_id, l.max_jump_rate, q.last_seq, q.seq, q.time, q.trading_day, q.bid, q.ask, q.leader_epoch
FROM quotes_listing l JOIN quotes_instrument i ON i.id = l.instrument_id
    JOIN quotes_latestquote q ON q.market_id = l.market_id AND q.instrument_id = l.instrument_id
WHERE l.market_id = %s AND l.instrument_id = %s FOR NO KEY UPDATE OF q"""
CREATE = """
INSERT INTO quotes_latestquote (market_id, instrument_id, last_seq, evaluated_seq, leader_epoch, source)
SELECT market_id, instrument_id, 0, 0, 0, '' FROM quotes_listing WHERE market_id = %s AND instrument_id = %s
ON CONFLICT (market_id, instrument_id) DO NOTHING"""
SHARE = "SELECT leader_epoch FROM quotes_latestquote WHERE market_id = %s AND instrument_id = %s FOR SHARE SKIP LOCKED"


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


class StreamBusy(LockTimeout):
    """Somebody is changing the stream: an import, bars being rebuilt, or a new leader."""

    code = "STREAM_BUSY"


def lock_latest_quote(market_id: int, instrument_id: int, leader_epoch: int | None = None) -> LockedQuote:
    """Locks the row until the transaction ends, makes it if need be; raises NotFound when the instrument is not listed in the market.

    Raises NotLeading when a `leader_epoch` is given and is no longer the newest.
    """
    for _ in range(2):
        row = sql.execute(LOCK, [market_id, instrument_id]).fetchone()
        if row is not None:
            locked = LockedQuote(*row)
            _check_lead(market_id, instrument_id, leader_epoch, locked.leader_epoch)
            return locked
        sql.execute(CREATE, [market_id, instrument_id])
    raise NotFound("The instrument is not listed in this market.", market=market_id, instrument=instrument_id)


def share_lead(market_id: int, instrument_id: int, leader_epoch: int | None) -> None:
    """Until the transaction ends nobody else takes the lead; nothing where no epoch is given.

    Never waits: raises StreamBusy while somebody holds the row, and NotLeading when `leader_epoch` is not the newest.
    """
    if leader_epoch is None:
        return
    row = sql.execute(SHARE, [market_id, instrument_id]).fetchone()
    if row is None:
        raise StreamBusy("The stream is being changed; nothing was done. Try again.", market=market_id, instrument=instrument_id)
    _check_lead(market_id, instrument_id, leader_epoch, row[0])


def _check_lead(market_id: int, instrument_id: int, leader_epoch: int | None, newest: int) -> None:
    if leader_epoch not in (None, newest):
        raise NotLeading("Another process leads this market now.", market=market_id, instrument=instrument_id, epoch=leader_epoch, newest=newest)
