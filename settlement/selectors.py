"""Reads of settlement: which days are due, what the books of a day add up to."""

from datetime import date
from typing import Any

from django.db.models import Min

from accounts.models import Account
from quotes.models import Market
from quotes.selectors.markets import market_calendar, market_now
from settlement.models import SettlementRun
from tradingdesk.kernel import sql
from tradingdesk.kernel.errors import NotFound

ZERO_SUM = """
SELECT currency, instrument_id,
    coalesce(sum(amount) FILTER (WHERE account_id IS NOT NULL AND kind IN ('REALISED_PNL', 'HOLDING_PNL')), 0),
    coalesce(sum(amount) FILTER (WHERE account_id IS NOT NULL AND kind IN ('FEE', 'OVERNIGHT_FEE')), 0),
    coalesce(sum(amount) FILTER (WHERE account_id IS NOT NULL AND kind = 'CASH'), 0),
    coalesce(sum(amount) FILTER (WHERE account_id IS NULL AND kind IN ('REALISED_PNL', 'HOLDING_PNL')), 0),
    coalesce(sum(amount) FILTER (WHERE account_id IS NULL AND kind IN ('FEE', 'OVERNIGHT_FEE')), 0),
    coalesce(sum(amount) FILTER (WHERE account_id IS NULL AND kind = 'CASH'), 0),
    sum(amount)
FROM accounts_entry e
WHERE e.trading_day > %s AND e.trading_day <= %s AND e.journal_id IN (SELECT id FROM accounts_journal WHERE market_id = %s)
GROUP BY currency, instrument_id ORDER BY currency, instrument_id"""
# Accounts whose snapshot is not the sum of all their entries up to the day: the snapshot's own proof.
UNEQUAL = """
SELECT d.account_id FROM accounts_accountday d
WHERE d.market_id = %s AND d.trading_day = %s
    AND d.closing_balance <> (SELECT coalesce(sum(e.amount), 0) FROM accounts_entry e WHERE e.account_id = d.account_id AND e.trading_day <= %s)
ORDER BY d.account_id"""
BEGINNING = date(1, 1, 1)


def due_day(market: Market) -> date | None:
    """The last trading day that is over and not settled; None when there is none, or the market has no accounts as old as that."""
    try:
        calendar = market_calendar(market.pk)
    except NotFound:
        return None
    day = calendar.previous_trading_day(calendar.trading_day(market_now(market)))
    opened = Account.objects.filter(market=market).aggregate(first=Min("opened_at"))["first"]
    if opened is None or calendar.trading_day(opened) > day:
        return None
    done = SettlementRun.objects.filter(market=market, trading_day__gte=day, status="DONE").exists()
    return None if done else day


def due_markets() -> list[tuple[int, date]]:
    """Markets that settle by schedule and have a day due: (market id, day)."""
    markets = Market.objects.filter(is_active=True, settles_automatically=True)
    return [(market.pk, day) for market in markets if (day := due_day(market)) is not None]


def zero_sum_rows(market_id: int, after: date | None, through: date) -> list[tuple[Any, ...]]:
    """(currency, instrument id, client P&L, fees, cash, house P&L, fees, cash, difference) of the days after `after` up to `through`."""
    return sql.fetch_all(ZERO_SUM, [after or BEGINNING, through, market_id])


def unequal_accounts(market_id: int, day: date) -> list[int]:
    """Accounts whose closing balance is not the sum of their entries."""
    return [row[0] for row in sql.fetch_all(UNEQUAL, [market_id, day, day])]
