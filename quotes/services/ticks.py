"""Recording ticks: places, flags, storage, bars and the latest quote in one transaction under the stream's lock (`quotes.locks`).

Every tick gets the next `seq`, odd ones included, so places have no gaps. Subscribers hear of the newest clean tick after commit.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from decimal import Decimal
from typing import Any

import psycopg
from django.db import connection

from quotes.domain.flags import Flagger, flagged
from quotes.domain.frames import tick_frame
from quotes.domain.ticks import Tick
from quotes.enums import TickFlag
from quotes.locks import LockedQuote, lock_latest_quote
from quotes.selectors.calendars import calendar_of
from quotes.services import bars, partitions
from tradingdesk.kernel import clock, dispatch, sql
from tradingdesk.kernel.locks import command
from tradingdesk.kernel.money import ZERO

COPY = """
COPY quotes_tick (trading_day, market_id, instrument_id, seq, "time", bid, ask, last, last_size, flag, received_at) FROM STDIN"""
SINCE_CLEAN = """
SELECT bid + ask, flag FROM quotes_tick
WHERE trading_day >= %s AND market_id = %s AND instrument_id = %s AND seq > %s ORDER BY seq DESC LIMIT 100"""
UPDATE = """
UPDATE quotes_latestquote SET last_seq = %(last_seq)s, evaluated_seq = greatest(evaluated_seq, %(evaluated)s::bigint) WHERE id = %(id)s"""
UPDATE_QUOTE = """
UPDATE quotes_latestquote SET seq = %(seq)s, "time" = %(time)s, trading_day = %(day)s, bid = %(bid)s, ask = %(ask)s,
    last = coalesce(%(last)s::numeric, CASE WHEN trading_day = %(day)s THEN last END),
    day_volume = %(volume)s::numeric + CASE WHEN trading_day = %(day)s THEN day_volume ELSE 0 END,
    day_turnover = %(turnover)s::numeric + CASE WHEN trading_day = %(day)s THEN day_turnover ELSE 0 END,
    received_at = %(received_at)s, source = %(source)s
WHERE id = %(id)s"""
ROWS_PER_WRITE = 5_000


@dataclass(frozen=True, slots=True)
class Recorded:
    """The ticks as stored, with places and flags."""

    ticks: list[Tick]

    @property
    def clean(self) -> list[Tick]:
        """Those that may fill orders, in order."""
        return [t for t in self.ticks if t.flag == TickFlag.CLEAN]


@command
def record(
    market_id: int,
    instrument_id: int,
    ticks: Sequence[Tick],
    source: str,
    *,
    trading_day: date | None = None,
    evaluated_through: int | None = None,
    leader_epoch: int | None = None,
) -> Recorded:
    """Stores ticks in the order given, whatever their `seq`; trading days by the listing's calendar unless one is named for all.

    `evaluated_through`: resting orders have seen every tick up to this place. Raises NotFound when the instrument is not listed in the market, and
    NotLeading when another process has taken the lead since `leader_epoch`.
    """
    locked = lock_latest_quote(market_id, instrument_id, leader_epoch)
    return store(locked, ticks, source, trading_day=trading_day, evaluated_through=evaluated_through)


def store(
    locked: LockedQuote, ticks: Sequence[Tick], source: str, *, trading_day: date | None = None, evaluated_through: int | None = None
) -> Recorded:
    """What `record` does, on a stream that the caller has locked."""
    recorded = Recorded(flagged(ticks, _flagger(locked), locked.last_seq + 1, clock.now()))
    days = _trading_days(locked, recorded.ticks, trading_day)
    if recorded.ticks:
        partitions.ensure(set(days))
        _copy(locked, recorded.ticks, days)
        bars.extend(locked.market_id, locked.instrument_id, sorted(set(days)), locked.last_seq + 1)
    _update(locked, recorded, days, source, evaluated_through)
    return recorded


@command
def take_lead(market_id: int, instrument_id: int, still_mine: Callable[[], None] | None = None) -> int:
    """Fences off whoever led this stream before; the epoch to record, evaluate and mark with from now on. Raises NotFound.

    `still_mine` raises when the caller's right to lead is gone; it is asked under the stream's lock. So whoever got that right later takes the lead after
    this, and keeps it: one that lost its right without noticing cannot throw the rightful leader out.
    """
    locked = lock_latest_quote(market_id, instrument_id)
    if still_mine is not None:
        still_mine()
    sql.execute("UPDATE quotes_latestquote SET leader_epoch = leader_epoch + 1 WHERE id = %s", [locked.id])
    return locked.leader_epoch + 1


@command
def mark_evaluated(market_id: int, instrument_id: int, seq: int, *, leader_epoch: int | None = None) -> None:
    """Resting orders have seen every tick up to `seq`; never goes back. Raises NotFound and NotLeading as `record` does."""
    locked = lock_latest_quote(market_id, instrument_id, leader_epoch)
    sql.execute("UPDATE quotes_latestquote SET evaluated_seq = greatest(evaluated_seq, %s) WHERE id = %s", [seq, locked.id])


def _flagger(locked: LockedQuote) -> Flagger:
    if locked.bid is None or locked.ask is None:
        return Flagger(locked.max_jump_rate)
    flagger = Flagger(locked.max_jump_rate, locked.time, locked.bid + locked.ask)
    if locked.seq != locked.last_seq:
        newest_first = sql.fetch_all(SINCE_CLEAN, [locked.trading_day, locked.market_id, locked.instrument_id, locked.seq])
        flagger.resume(reversed(newest_first))
    return flagger


def _trading_days(locked: LockedQuote, ticks: Iterable[Tick], trading_day: date | None) -> list[date]:
    # Days begin on whole minutes, so one look at the calendar per minute is enough.
    calendar = calendar_of(locked.calendar_id)
    by_minute: dict[Any, date] = {}
    days = []
    for tick in ticks:
        minute = tick.time.replace(second=0, microsecond=0)
        if minute not in by_minute:
            by_minute[minute] = trading_day or calendar.trading_day(minute)
        days.append(by_minute[minute])
    return days


def _copy(locked: LockedQuote, ticks: Sequence[Tick], days: Sequence[date]) -> None:
    stream = f"{locked.market_id}\t{locked.instrument_id}"
    rows = [_copy_row(stream, tick, day) for tick, day in zip(ticks, days, strict=True)]
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection).copy(COPY) as copy:
        for start in range(0, len(rows), ROWS_PER_WRITE):
            copy.write("".join(rows[start : start + ROWS_PER_WRITE]))


def _copy_row(stream: str, tick: Tick, day: date) -> str:
    last = "\\N" if tick.last is None else tick.last
    size = "\\N" if tick.last_size is None else tick.last_size
    return f"{day}\t{stream}\t{tick.seq}\t{tick.time.isoformat()}\t{tick.bid}\t{tick.ask}\t{last}\t{size}\t{tick.flag}\t{tick.received_at}\n"


def _update(locked: LockedQuote, recorded: Recorded, days: Sequence[date], source: str, evaluated_through: int | None) -> None:
    last_seq = locked.last_seq + len(recorded.ticks)
    sql.execute(UPDATE, {"last_seq": last_seq, "evaluated": evaluated_through, "id": locked.id})
    newest = next((t for t in reversed(recorded.ticks) if t.flag == TickFlag.CLEAN), None)
    if newest is None:
        return
    day = days[newest.seq - locked.last_seq - 1]
    values = {"id": locked.id, "seq": newest.seq, "time": newest.time.astimezone(UTC), "day": day, "bid": newest.bid, "ask": newest.ask}
    values |= {"received_at": newest.received_at, "source": source, **_tape(recorded, days, day)}
    sql.execute(UPDATE_QUOTE, values)
    dispatch.publish_on_commit({dispatch.MARKET_CHANNEL.format(locked.market_id): tick_frame(locked.symbol, newest)})


def _tape(recorded: Recorded, days: Sequence[date], day: date) -> dict[str, Decimal | None]:
    # The trades of this trading day among the new ticks; those of a clean tick alone.
    trades = [t for t, d in zip(recorded.ticks, days, strict=True) if t.last is not None and d == day and t.flag == TickFlag.CLEAN]
    sized = [(t.last, t.last_size) for t in trades if t.last is not None and t.last_size is not None]
    return {
        "last": trades[-1].last if trades else None,
        "volume": sum((size for _, size in sized), ZERO),
        "turnover": sum((price * size for price, size in sized), ZERO),
    }
