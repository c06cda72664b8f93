"""A settled day's figures per account, computed from rows: entries for cash, lot changes for P&L, the snapshot for everything else."""

from datetime import date
from decimal import Decimal

from settlement.domain.figures import DayFigures
from tradingdesk.kernel import sql

_MOVE = "(CASE l.side WHEN 'LONG' THEN 1 ELSE -1 END) * (c.price - l.open_price) * i.multiplier"
_AT_MARK = "(SELECT sum(q.quantity_change) FROM accounts_lotchange q WHERE q.lot_id = c.lot_id AND q.id <= c.id)"
# One row per account of the market that the day was settled for. P&L is rounded per lot, as it was paid.
FIGURES = f"""
WITH cash AS (
    SELECT e.account_id, sum(e.amount) FILTER (WHERE e.amount > 0) AS came, -sum(e.amount) FILTER (WHERE e.amount < 0) AS went
    FROM accounts_entry e WHERE e.trading_day = %(day)s AND e.kind = 'CASH' AND e.account_id IS NOT NULL GROUP BY 1
), changes AS (
    SELECT c.account_id, c.kind, c.pnl, l.trading_day < %(day)s AS is_carried, round({_MOVE} * -c.quantity_change, 2) AS realised,
        CASE c.kind WHEN 'MARK' THEN {_AT_MARK} END AS held, {_MOVE} AS move
    FROM accounts_lotchange c JOIN accounts_lot l ON l.id = c.lot_id JOIN quotes_instrument i ON i.id = l.instrument_id
    WHERE c.trading_day = %(day)s AND c.kind <> 'OPEN'
), pnl AS (
    SELECT account_id, sum(pnl) FILTER (WHERE kind = 'CLOSE' AND is_carried) AS realised_carried,
        sum(pnl) FILTER (WHERE kind = 'CLOSE' AND NOT is_carried) AS realised_today, sum(pnl) FILTER (WHERE kind = 'MARK' AND is_carried) AS holding_carried,
        sum(pnl) FILTER (WHERE kind = 'MARK' AND NOT is_carried) AS holding_today, sum(held) AS lots,
        sum(realised) FILTER (WHERE kind = 'CLOSE') AS realised, sum(round(move * held, 2)) AS floating
    FROM changes GROUP BY 1
)
SELECT d.account_id, d.opening_balance, coalesce(cash.came, 0), coalesce(cash.went, 0), coalesce(realised_carried, 0), coalesce(realised_today, 0),
    coalesce(holding_carried, 0), coalesce(holding_today, 0), d.fees, d.compensation, d.closing_balance, d.margin, d.margin_call, coalesce(pnl.lots, 0),
    coalesce(pnl.realised, 0), coalesce(pnl.floating, 0)
FROM accounts_accountday d LEFT JOIN cash USING (account_id) LEFT JOIN pnl USING (account_id)
WHERE d.market_id = %(market)s AND d.trading_day = %(day)s ORDER BY d.account_id"""
PRICES = "SELECT instrument_id, price FROM quotes_settlementprice WHERE market_id = %s AND trading_day = %s"


def day_figures(market_id: int, day: date) -> dict[int, DayFigures]:
    """By account id; accounts that the day has not been settled for are absent."""
    return {row[0]: DayFigures(*row) for row in sql.fetch_all(FIGURES, {"market": market_id, "day": day})}


def day_prices(market_id: int, day: date) -> dict[int, Decimal | None]:
    """What the day was settled at, by instrument id; None where there was no price."""
    return dict(sql.fetch_all(PRICES, [market_id, day]))
