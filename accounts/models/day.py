"""What a trading day did to an account: the snapshot that settlement leaves, one row per account and day."""

from django.db import models

from accounts.models.account import Account
from quotes.models import Market
from tradingdesk.kernel.fields import MoneyField
from tradingdesk.kernel.models import AppendOnlyModel


class AccountDay(AppendOnlyModel):
    """closing balance = opening balance + cash + realised P&L + holding P&L − fees + compensation (rules/futures.md §2.3); equity = closing balance after
    marking. `margin_call` is what the account was asked for: up to its margin, or as its tier's variation call says (§2.5, §2.6).
    """

    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="days")
    trading_day = models.DateField()
    currency = models.CharField(max_length=3)
    opening_balance = MoneyField()
    cash = MoneyField()
    realised_pnl = MoneyField()
    holding_pnl = MoneyField()
    fees = MoneyField(help_text="Trading and overnight fees, as a positive cost")
    compensation = MoneyField(default=0, db_default=0, help_text="Deficit that the house wrote off")
    closing_balance = MoneyField()
    frozen = MoneyField()
    margin = MoneyField(help_text="At settlement prices and the next day's rates")
    margin_call = MoneyField(default=0, db_default=0)
    lots = models.PositiveIntegerField(help_text="Open lots that were marked")
    account_version = models.BigIntegerField()
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["-trading_day", "account"]
        constraints = [
            models.UniqueConstraint(fields=["account", "trading_day"], name="accounts_accountday_unique"),
            models.CheckConstraint(
                name="accounts_accountday_adds_up",
                condition=models.Q(
                    closing_balance=models.F("opening_balance")
                    + models.F("cash")
                    + models.F("realised_pnl")
                    + models.F("holding_pnl")
                    - models.F("fees")
                    + models.F("compensation")
                ),
            ),
        ]
        indexes = [models.Index(fields=["market", "trading_day"], name="accounts_accountday_market")]

    def __str__(self) -> str:
        return f"{self.account} {self.trading_day}"
