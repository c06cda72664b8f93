"""What a trading day made of an account, in both views of rules/futures.md §2.1: marked to market, and trade by trade. Pure.

Equity, margin, available funds and risk degree are the same in both; the balance trade by trade leaves out what open lots float.
"""

from dataclasses import dataclass
from decimal import Decimal

from tradingdesk.kernel import money
from tradingdesk.kernel.money import ZERO


@dataclass(frozen=True, slots=True)
class DayFigures:
    """Of one account and day, in its currency; fees as a positive cost. Carried lots were opened on an earlier day, today's on this one."""

    account_id: int
    opening_balance: Decimal
    cash_in: Decimal
    cash_out: Decimal
    realised_on_carried: Decimal
    realised_on_today: Decimal
    holding_on_carried: Decimal
    holding_on_today: Decimal
    fees: Decimal
    compensation: Decimal
    closing_balance: Decimal
    margin: Decimal
    margin_call: Decimal
    lots: Decimal
    realised_trade_by_trade: Decimal
    floating_trade_by_trade: Decimal

    @property
    def realised_pnl(self) -> Decimal:
        return self.realised_on_carried + self.realised_on_today

    @property
    def holding_pnl(self) -> Decimal:
        return self.holding_on_carried + self.holding_on_today

    @property
    def total_pnl(self) -> Decimal:
        return self.realised_pnl + self.holding_pnl

    @property
    def equity(self) -> Decimal:
        """What the balance is once the open lots are marked."""
        return self.closing_balance

    @property
    def available(self) -> Decimal:
        """What a printed statement shows: equity − margin (§2.3, §3)."""
        return self.equity - self.margin

    @property
    def balance_trade_by_trade(self) -> Decimal:
        return self.closing_balance - self.floating_trade_by_trade

    @property
    def lots_supported(self) -> Decimal | None:
        """Whole lots whose margin the equity covers (§2.6); of several instruments: at their average margin. None without margin."""
        return max(self.lots * self.equity // self.margin, ZERO) if self.margin else None

    @property
    def lots_to_close(self) -> Decimal:
        """At least so many lots are too many."""
        return ZERO if self.lots_supported is None else max(self.lots - self.lots_supported, ZERO)


def risk_degree(equity: Decimal, margin: Decimal) -> Decimal | None:
    """Margin ÷ equity in per cent, two decimals half up: the inverse of the margin level. None without margin or equity."""
    return money.cents_half_up(margin * 100 / equity) if margin and equity else None
