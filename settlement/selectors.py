"""Reads of settlement: which days are due, what the books of a day add up to, where stored figures differ from the rows they come from."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import structlog

from accounts.services.days import first_booked_day
from quotes.models import Market
from quotes.selectors.markets import calendar_day, market_calendar
from settlement.checks import CHECKS, TABLES
from settlement.enums import BreakKind, RunStatus
from settlement.models import Break, SettlementRun
from tradingdesk.kernel import sql
from tradingdesk.kernel.errors import NotFound

log = structlog.get_logger(__name__)

# Deficits that were written off stand with cash: both are money that moved without a trade.
ZERO_SUM = """
SELECT currency, instrument_id,
    coalesce(sum(amount) FILTER (WHERE account_id IS NOT NULL AND kind IN ('REALISED_PNL', 'HOLDING_PNL')), 0),
    coalesce(sum(amount) FILTER (WHERE account_id IS NOT NULL AND kind IN ('FEE', 'OVERNIGHT_FEE')), 0),
    coalesce(sum(amount) FILTER (WHERE account_id IS NOT NULL AND kind IN ('CASH', 'COMPENSATION')), 0),
    coalesce(sum(amount) FILTER (WHERE account_id IS NULL AND kind IN ('REALISED_PNL', 'HOLDING_PNL')), 0),
    coalesce(sum(amount) FILTER (WHERE account_id IS NULL AND kind IN ('FEE', 'OVERNIGHT_FEE')), 0),
    coalesce(sum(amount) FILTER (WHERE account_id IS NULL AND kind IN ('CASH', 'COMPENSATION')), 0),
    sum(amount)
FROM accounts_entry e
WHERE e.trading_day > %s AND e.trading_day <= %s AND e.journal_id IN (SELECT id FROM accounts_journal WHERE market_id = %s)
GROUP BY currency, instrument_id ORDER BY currency, instrument_id"""
# Accounts whose snapshot is not what the ledger says the balance was then: the closing balance, with what was booked for later days by that version, must be
# the balance after the account's last entry of that version.
UNEQUAL = """
SELECT d.account_id FROM accounts_accountday d
WHERE d.market_id = %s AND d.trading_day = %s AND d.closing_balance
    + (SELECT coalesce(sum(e.amount), 0) FROM accounts_entry e
        WHERE e.account_id = d.account_id AND e.trading_day > d.trading_day AND e.account_version <= d.account_version)
    <> coalesce((SELECT e.balance_after FROM accounts_entry e
        WHERE e.account_id = d.account_id AND e.account_version <= d.account_version ORDER BY e.id DESC LIMIT 1), 0)
ORDER BY d.account_id"""
# One of the statements of `settlement.checks`, in one market or in all.
IN_MARKET = """
SELECT * FROM ({}) AS found(market_id, account_id, object_id, part, stored, recomputed)
WHERE %(market)s::bigint IS NULL OR market_id = %(market)s::bigint ORDER BY object_id, part"""
BEGINNING = date(1, 1, 1)


def next_day(market: Market) -> date:
    """The trading day that is settled next: one that was begun and not finished, else the day after the last that is settled, else the first of the books.

    Days are settled one by one: none is ever left out. It may not be over yet, or lie ahead. Raises NotFound when the market lists nothing.
    """
    calendar = market_calendar(market.pk)
    runs = SettlementRun.objects.filter(market=market)
    begun = runs.exclude(status=RunStatus.DONE).order_by("trading_day").first()
    if begun is not None:
        return begun.trading_day
    last = runs.order_by("-trading_day").first()
    if last is not None:
        return calendar.next_trading_day(last.trading_day)
    return first_booked_day(market.pk, calendar) or calendar_day(market)


def due_day(market: Market) -> date | None:
    """The next day to settle, if it is over; None when it is not, or the market lists nothing."""
    try:
        day = next_day(market)
    except NotFound:
        return None
    return day if day < calendar_day(market) else None


def due_markets() -> list[tuple[int, date]]:
    """Markets that settle by schedule and have a day due: (market id, day)."""
    due = []
    for market in Market.objects.filter(is_active=True, settles_automatically=True):
        try:
            day = due_day(market)
        except ValueError as error:  # a calendar without trading days: said here, and no other market waits for it
            log.error("no trading day to settle", market=market.code, error=str(error))
            continue
        if day is not None:
            due.append((market.pk, day))
    return due


def zero_sum_rows(market_id: int, after: date | None, through: date) -> list[tuple[Any, ...]]:
    """(currency, instrument id, client P&L, fees, cash, house P&L, fees, cash, difference) of the days after `after` up to `through`; cash with
    deficits written off.
    """
    return sql.fetch_all(ZERO_SUM, [after or BEGINNING, through, market_id])


def unequal_accounts(market_id: int, day: date) -> list[int]:
    """Accounts whose closing balance is not the sum of their entries."""
    return [row[0] for row in sql.fetch_all(UNEQUAL, [market_id, day])]


@dataclass(frozen=True, slots=True)
class Difference:
    """What one check found about one figure of one row of its model."""

    kind: BreakKind
    market_id: int
    account_id: int | None
    object_id: int
    part: str
    stored: Decimal | int | str | None
    recomputed: Decimal | int | str | None

    @property
    def key(self) -> tuple[str, int, str]:
        """What makes it the same break as another one."""
        return self.kind, self.object_id, self.part

    @property
    def difference(self) -> Decimal | None:
        """Stored less recomputed; None between texts."""
        if isinstance(self.stored, (Decimal, int)) and isinstance(self.recomputed, (Decimal, int)):
            return Decimal(self.stored) - self.recomputed
        return None


def differences(market_id: int | None = None) -> list[Difference]:
    """Where the books differ from themselves, in one market or in all, check by check. At one instant only in a transaction of REPEATABLE READ."""
    found = []
    for kind, check in CHECKS.items():
        rows = sql.fetch_all(IN_MARKET.format(check.statement), {"market": market_id})
        found += [Difference(kind, *row) for row in rows]
    return found


def rows_by_table() -> dict[str, int]:
    """How many rows each table holds that a verification reads."""
    counts = ", ".join(f"(SELECT count(*) FROM {table})" for table in TABLES)
    return dict(zip(TABLES, sql.fetch_all(f"SELECT {counts}")[0], strict=True))


def open_breaks() -> int:
    """How many differences the last verifications found."""
    return Break.objects.filter(gone_at__isnull=True).count()
