"""1-minute bars from stored ticks: one statement, used by live recording, by imports and by a rebuild, so that they cannot differ.

Clean ticks alone, in the order of `seq`, [minute, minute + 1). A minute that has a bar already is extended: its open stays.
"""

from collections.abc import Sequence
from datetime import date

from quotes.locks import lock_latest_quote
from quotes.models import Bar
from tradingdesk.kernel import sql
from tradingdesk.kernel.locks import command

_BID = "(array_agg(bid ORDER BY seq))"
_ASK = "(array_agg(ask ORDER BY seq))"
_LAST = "(array_agg(last ORDER BY seq) FILTER (WHERE last IS NOT NULL))"
EXTEND = f"""
INSERT INTO quotes_bar AS bar (market_id, instrument_id, start, trading_day,
    bid_open, bid_high, bid_low, bid_close, ask_open, ask_high, ask_low, ask_close, trade_open, trade_high, trade_low, trade_close, volume, ticks)
SELECT market_id, instrument_id, minute, min(trading_day),
    {_BID}[1], max(bid), min(bid), {_BID}[count(*)], {_ASK}[1], max(ask), min(ask), {_ASK}[count(*)],
    {_LAST}[1], max(last), min(last), {_LAST}[count(last)], coalesce(sum(last_size), 0), count(*)
FROM (
    SELECT *, date_trunc('minute', "time", 'UTC') AS minute FROM quotes_tick
    WHERE trading_day = ANY(%(days)s) AND market_id = %(market)s AND instrument_id = %(instrument)s
        AND seq BETWEEN %(first)s AND %(last)s AND flag = 0
) clean
GROUP BY market_id, instrument_id, minute
ON CONFLICT (market_id, instrument_id, start) DO UPDATE SET
    bid_high = greatest(bar.bid_high, excluded.bid_high), bid_low = least(bar.bid_low, excluded.bid_low), bid_close = excluded.bid_close,
    ask_high = greatest(bar.ask_high, excluded.ask_high), ask_low = least(bar.ask_low, excluded.ask_low), ask_close = excluded.ask_close,
    trade_open = coalesce(bar.trade_open, excluded.trade_open), trade_high = greatest(bar.trade_high, excluded.trade_high),
    trade_low = least(bar.trade_low, excluded.trade_low), trade_close = coalesce(excluded.trade_close, bar.trade_close),
    volume = bar.volume + excluded.volume, ticks = bar.ticks + excluded.ticks"""
NEWEST_SEQ = 2**63 - 1


def extend(market_id: int, instrument_id: int, days: Sequence[date], first_seq: int, last_seq: int = NEWEST_SEQ) -> int:
    """Adds the stored ticks of these places and trading days to their minutes; inside the caller's transaction. Returns the minutes touched."""
    parameters = {"market": market_id, "instrument": instrument_id, "days": list(days), "first": first_seq, "last": last_seq}
    return sql.execute(EXTEND, parameters).rowcount


@command
def rebuild(market_id: int, instrument_id: int, trading_day: date) -> int:
    """Makes a trading day's bars anew from its stored ticks; returns how many. Raises NotFound for what is not listed."""
    lock_latest_quote(market_id, instrument_id)
    Bar.objects.filter(market_id=market_id, instrument_id=instrument_id, trading_day=trading_day).delete()
    return extend(market_id, instrument_id, [trading_day], first_seq=1)
