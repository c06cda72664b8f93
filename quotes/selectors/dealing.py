"""Reads what orders and settlement deal on: one statement for any number of accounts and instruments."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg

from quotes.domain.dealing import Dealing, Quote, Schedule
from quotes.enums import MarginBasis
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
MARGIN_COLUMNS = {"margin_rate": "rate", "margin_per_lot": "per_lot"}

_FEES = ", ".join(f"f.{c}::text" for c in FEE_COLUMNS)
_MARGINS = ", ".join(f"s.{c}::text" for c in MARGIN_COLUMNS.values())
DEALINGS = f"""
SELECT l.market_id, i.id, i.symbol, i.currency, l.is_active AND i.is_active AND m.is_active, l.calendar_id, l.max_quote_age_seconds,
    i.multiplier, i.tick_size, i.quantity_step, i.max_order_quantity, i.margin_basis,
    (SELECT p.price FROM quotes_settlementprice p WHERE p.market_id = l.market_id AND p.instrument_id = i.id AND p.price IS NOT NULL
        ORDER BY p.trading_day DESC LIMIT 1),
    (SELECT array_agg(ARRAY[f.effective_from::text, {_FEES}] ORDER BY f.effective_from DESC) FROM quotes_feeschedule f WHERE f.instrument_id = i.id),
    (SELECT array_agg(ARRAY[s.effective_from::text, {_MARGINS}] ORDER BY s.effective_from DESC)
        FROM quotes_marginschedule s WHERE s.instrument_id = i.id),
    q.seq, q.time, q.bid, q.ask, q.source, q.received_at
FROM quotes_listing l JOIN quotes_instrument i ON i.id = l.instrument_id JOIN quotes_market m ON m.id = l.market_id
    LEFT JOIN quotes_latestquote q ON q.market_id = l.market_id AND q.instrument_id = l.instrument_id
WHERE (l.market_id, l.instrument_id) IN ({{pairs}})"""

Dealings = dict[tuple[int, int], Dealing]


def query_dealings(pairs: str, params: Sequence[Any]) -> psycopg.Cursor[Any]:
    """Asks for the (market id, instrument id) pairs that the statement `pairs` yields; read the answer with `read_dealings`."""
    return sql.execute(DEALINGS.format(pairs=pairs), params)


def read_dealings(cursor: psycopg.Cursor[Any]) -> Dealings:
    """{(market id, instrument id): Dealing}; what is not listed in a market is absent."""
    return {(row[0], row[1]): _dealing(row) for row in cursor.fetchall()}


def _dealing(row: tuple[Any, ...]) -> Dealing:
    names = Dealing.__slots__[:11]
    plain: dict[str, Any] = dict(zip(names, row[:11], strict=True))
    return Dealing(
        **plain,
        freezes_at_previous_settlement=row[11] == MarginBasis.PREVIOUS_SETTLEMENT,
        previous_settlement=row[12],
        fees=_schedules(row[13], FEE_COLUMNS),
        margins=_schedules(row[14], tuple(MARGIN_COLUMNS)),
        quote=None if row[15] is None else Quote(seq=row[15], time=row[16], bid=row[17], ask=row[18], source=row[19], received_at=row[20]),
    )


def _schedules(rows: list[list[str]] | None, names: Sequence[str]) -> tuple[Schedule, ...]:
    return tuple(Schedule(date.fromisoformat(first), tuple(zip(names, map(Decimal, rest), strict=True))) for first, *rest in rows or [])
