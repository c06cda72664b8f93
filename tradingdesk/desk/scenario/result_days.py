"""The settlements of a result: each day's prices, and its figures per account."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from accounts.models import Entry
from settlement.domain.figures import DayFigures, risk_degree
from settlement.reading import day_figures, day_prices
from tradingdesk.desk.scenario.stage import CALL_PAID, Stage
from tradingdesk.kernel import money
from tradingdesk.kernel.money import ZERO

# What says nothing of an account whose funds are unlimited.
MEANINGLESS = (
    "opening_balance",
    "closing_balance",
    "equity",
    "available",
    "risk_degree",
    "lots_supported",
    "balance_after_call",
    "balance_trade_by_trade",
)


def settlements_of(stage: Stage, days: Sequence[date]) -> list[dict[str, Any]]:
    """One per settled day, in order."""
    return [_settlement(stage, number, day) for number, day in enumerate(days, 1)]


def _settlement(stage: Stage, number: int, day: date) -> dict[str, Any]:
    prices, figures, paid = day_prices(stage.market.pk, day), day_figures(stage.market.pk, day), _calls_paid(stage, day)
    accounts = {}
    for client in stage.scenario.accounts:
        account_id = stage.accounts[client.id].pk
        row = _row(figures[account_id], paid.get(account_id, ZERO))
        if client.balance is None:
            row |= dict.fromkeys(MEANINGLESS)
        accounts[client.id] = row
    return {
        "day": number,
        "prices": {symbol: money.text(prices.get(instrument.pk)) for symbol, instrument in stage.instruments.items()},
        "accounts": accounts,
    }


def _row(day: DayFigures, paid: Decimal) -> dict[str, Any]:
    # Swap and deferral belong to instruments of a later release; variation is what the day's P&L moved.
    amounts = {
        "opening_balance": day.opening_balance,
        "cash_in": day.cash_in,
        "cash_out": day.cash_out,
        "realised_pnl": day.realised_pnl,
        "realised_on_carried": day.realised_on_carried,
        "realised_on_today": day.realised_on_today,
        "holding_pnl": day.holding_pnl,
        "holding_on_carried": day.holding_on_carried,
        "holding_on_today": day.holding_on_today,
        "total_pnl": day.total_pnl,
        "fees": day.fees,
        "swap": ZERO,
        "deferral": ZERO,
        "margin": day.margin,
        "closing_balance": day.closing_balance,
        "equity": day.equity,
        "available": day.available,
        "risk_degree": risk_degree(day.equity, day.margin),
        "margin_call": day.margin_call,
        "lots_supported": day.lots_supported,
        "lots_to_close": day.lots_to_close,
        "variation": day.total_pnl,
        "balance_after_call": day.closing_balance + paid,
        "realised_pnl_trade_by_trade": day.realised_trade_by_trade,
        "floating_trade_by_trade": day.floating_trade_by_trade,
        "balance_trade_by_trade": day.balance_trade_by_trade,
    }
    return {name: money.text(amount) for name, amount in amounts.items()}


def _calls_paid(stage: Stage, day: date) -> dict[int, Decimal]:
    # What was paid in for the call of this day, by account.
    reason = CALL_PAID.format(day)
    paid = Entry.objects.filter(account__market=stage.market, journal__reason=reason, account__isnull=False)
    return dict(paid.values_list("account_id", "amount"))
