"""Reads what orders and settlement deal on: one statement for any number of accounts and instruments."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg

from quotes.domain.dealing import Dealing, Quote, Schedule, Tape
from tradingdesk.kernel import sql

FEE_COLUMNS = (
    "open_per_lot",
    "open_rate",
    "close_per_lot",
    "close_rate",
    "close_today_per_lot",
    "close_today_rate",
    "overnight_per_lot",
)
MARGIN_COLUMNS = {
    "margin_rate": "rate",
    "margin_per_lot": "per_lot",
    "maintenance_per_lot": "maintenance_per_lot",
    "is_larger_side": "is_larger_side::int",
}

_FEES = ", ".join(f"f.{c}::text" for c in FEE_COLUMNS)
_MARGINS = ", ".join(f"s.{c}::text" for c in MARGIN_COLUMNS.values())
# A quote that came after its day was priced belongs to a later one, as bookings do: any later day says so.
DEALINGS = f"""
SELECT l.market_id, i.id, i.symbol, i.currency, l.is_active AND i.is_active AND m.is_active, l.calendar_id, l.max_quote_age_seconds,
    i.multiplier, i.tick_size, i.quantity_step, i.max_order_quantity, coalesce(nullif(i.product, ''), i.symbol),
    i.margin_basis, i.close_order, i.fee_age, m.priced_through,
    coalesce(p.price, (SELECT e.price FROM quotes_settlementprice e
        WHERE e.market_id = l.market_id AND e.instrument_id = i.id AND e.price IS NOT NULL ORDER BY e.trading_day DESC LIMIT 1)),
    (SELECT array_agg(ARRAY[f.effective_from::text, {_FEES}] ORDER BY f.effective_from DESC) FROM quotes_feeschedule f WHERE f.instrument_id = i.id),
    (SELECT array_agg(ARRAY[s.effective_from::text, {_MARGINS}] ORDER BY s.effective_from DESC)
        FROM quotes_marginschedule s WHERE s.instrument_id = i.id),
    q.seq, q.time, q.bid, q.ask, q.source, q.received_at,
    CASE WHEN q.trading_day <= p.trading_day AND q.received_at > p.fixed_at THEN p.trading_day + 1 ELSE q.trading_day END,
    coalesce(q.last, (q.bid + q.ask) / 2), q.day_volume, q.day_turnover, l.quote_quantity
FROM quotes_listing l JOIN quotes_instrument i ON i.id = l.instrument_id JOIN quotes_market m ON m.id = l.market_id
    LEFT JOIN quotes_latestquote q ON q.market_id = l.market_id AND q.instrument_id = l.instrument_id
    LEFT JOIN LATERAL (
        SELECT price, trading_day, fixed_at FROM quotes_settlementprice
        WHERE market_id = l.market_id AND instrument_id = l.instrument_id ORDER BY trading_day DESC LIMIT 1) p ON true
WHERE (l.market_id, l.instrument_id) IN ({{pairs}})"""

Dealings = dict[tuple[int, int], Dealing]


def query_dealings(pairs: str, params: Sequence[Any]) -> psycopg.Cursor[Any]:
    """Asks for the (market id, instrument id) pairs that the statement `pairs` yields; read the answer with `read_dealings`."""
    return sql.execute(DEALINGS.format(pairs=pairs), params)


def read_dealings(cursor: psycopg.Cursor[Any]) -> Dealings:
    """{(market id, instrument id): Dealing}; what is not listed in a market is absent."""
    return {(row[0], row[1]): _dealing(row) for row in cursor.fetchall()}


def dealing_of(market_id: int, instrument_id: int) -> Dealing | None:
    """Terms and quote of one instrument in one market; None where it is not listed."""
    found = read_dealings(query_dealings("SELECT %s::bigint, %s::bigint", [market_id, instrument_id]))
    return found.get((market_id, instrument_id))


def _dealing(row: tuple[Any, ...]) -> Dealing:
    plain: dict[str, Any] = dict(zip(Dealing.__slots__[:17], row[:17], strict=True))
    return Dealing(
        **plain,
        fees=_schedules(row[17], FEE_COLUMNS),
        margins=_schedules(row[18], tuple(MARGIN_COLUMNS)),
        quote=None if row[19] is None else Quote(seq=row[19], time=row[20], bid=row[21], ask=row[22], source=row[23], received_at=row[24]),
        quote_day=row[25],
        tape=Tape() if row[19] is None else Tape(*row[26:29]),
        quote_quantity=row[29],
    )


def _schedules(rows: list[list[str]] | None, names: Sequence[str]) -> tuple[Schedule, ...]:
    return tuple(Schedule(date.fromisoformat(first), tuple(zip(names, map(Decimal, rest), strict=True))) for first, *rest in rows or [])
