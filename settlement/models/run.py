"""One settlement of one market and trading day: its steps, its totals, its proof."""

from django.conf import settings
from django.db import models

from quotes.models import Instrument, Market
from settlement.enums import RunStatus, StepName
from tradingdesk.kernel.fields import MoneyField
from tradingdesk.kernel.models import AppendOnlyModel, NeverDeletedModel


class SettlementRun(NeverDeletedModel):
    """Unique per market and trading day: settling twice finds the first run and changes nothing."""

    fixed_fields = ("market", "trading_day")
    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="settlement_runs")
    trading_day = models.DateField()
    status = models.CharField(max_length=8, choices=RunStatus, default=RunStatus.RUNNING)
    accounts = models.PositiveIntegerField(default=0)
    totals = models.JSONField(default=dict, help_text="Per currency: opening, cash, realised, holding, fees, closing, margin")
    hash = models.CharField(max_length=64, blank=True, help_text="SHA-256 over the day's account rows, in account order")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-trading_day", "market"]
        constraints = [models.UniqueConstraint(fields=["market", "trading_day"], name="settlement_run_unique")]

    def __str__(self) -> str:
        return f"{self.market} {self.trading_day}"


class SettlementStep(AppendOnlyModel):
    """A step that was completed."""

    run = models.ForeignKey(SettlementRun, on_delete=models.PROTECT, related_name="steps")
    name = models.CharField(max_length=16, choices=StepName)
    detail = models.JSONField(default=dict)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["run", "name"], name="settlement_step_unique")]

    def __str__(self) -> str:
        return self.get_name_display()


class ZeroSumProof(AppendOnlyModel):
    """Client P&L + house P&L + fees + cash = 0 for the day, per currency and instrument (no instrument: cash, and deficits written off)."""

    run = models.ForeignKey(SettlementRun, on_delete=models.PROTECT, related_name="proofs")
    currency = models.CharField(max_length=3)
    instrument = models.ForeignKey(Instrument, null=True, on_delete=models.PROTECT, related_name="+")
    client_pnl = MoneyField()
    client_fees = MoneyField()
    client_cash = MoneyField("clients' cash and write-offs")
    house_pnl = MoneyField()
    house_fees = MoneyField()
    house_cash = MoneyField("house cash and write-offs")
    difference = MoneyField(help_text="The sum of the six; anything but zero is a break")

    class Meta:
        ordering = ["currency", "instrument"]
        constraints = [models.UniqueConstraint(fields=["run", "currency", "instrument"], nulls_distinct=False, name="settlement_proof_unique")]

    def __str__(self) -> str:
        return f"{self.currency} {self.instrument_id or 'cash'}: {self.difference}"
