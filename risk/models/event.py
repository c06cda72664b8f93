"""Each crossing of a threshold, once, with the figures it was decided on. The newest event of an account is where it stands."""

from django.db import models

from accounts.models import Account
from risk.enums import MarginState
from tradingdesk.kernel.fields import MoneyField
from tradingdesk.kernel.models import AppendOnlyModel


class RiskEvent(AppendOnlyModel):
    """Recorded under the account's lock, at the quotes in force then."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="risk_events", db_index=False)
    state_before = models.CharField(max_length=12, choices=MarginState)
    state = models.CharField(max_length=12, choices=MarginState)
    margin_level = models.DecimalField(max_digits=20, decimal_places=2, null=True, help_text="Equity ÷ margin in per cent; empty without margin")
    equity = MoneyField()
    margin = MoneyField()
    available = MoneyField()
    account_version = models.BigIntegerField()
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["account", "-id"], name="risk_riskevent_account")]

    def __str__(self) -> str:
        return f"{self.state_before} → {self.state}"
