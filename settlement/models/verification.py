"""Verifications of the books and the breaks they found: differences between what is stored and what the rows say. Nothing here repairs anything."""

from datetime import timedelta

from django.conf import settings
from django.db import models

from accounts.models import Account
from quotes.models import Market
from settlement.enums import BreakKind, VerificationSource
from tradingdesk.kernel.models import AppendOnlyModel, NeverDeletedModel

TEXT_LETTERS = 200


def breaks_text(number: int) -> str:
    """A number of breaks in words."""
    return f"{number} break" if number == 1 else f"{number} breaks"


class Verification(AppendOnlyModel):
    """One verification, written when it had finished. All its checks saw the books at one instant, `started_at`."""

    market = models.ForeignKey(Market, null=True, on_delete=models.PROTECT, related_name="+", help_text="Empty: all of them")
    source = models.CharField(max_length=16, choices=VerificationSource)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    rows = models.BigIntegerField(help_text="Looked at")
    rows_by_table = models.JSONField(default=dict)
    found = models.PositiveIntegerField(help_text="Breaks")
    new = models.PositiveIntegerField(help_text="Breaks that were not open before")
    gone = models.PositiveIntegerField(help_text="Breaks that were open before and were not found any more")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M}: {breaks_text(self.found)}"

    @property
    def duration(self) -> timedelta:
        """From the snapshot to the last check."""
        return self.finished_at - self.started_at


class Break(NeverDeletedModel):
    """A difference of one figure of one row. Found again it stays the same break, with the figures found last; not found any more it is gone.

    `object_id` is a row of the model that the kind's check names (`settlement.checks`); market and account are those the row names, where they exist.
    `difference` is stored less recomputed; none between texts.
    """

    fixed_fields = ("kind", "market", "account", "object_id", "part", "first_found_at", "first_verification")
    kind = models.CharField(max_length=16, choices=BreakKind)
    market = models.ForeignKey(Market, null=True, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="breaks")
    object_id = models.BigIntegerField()
    part = models.CharField(max_length=64, blank=True, help_text="Which figure, where the row has several")
    stored = models.CharField(max_length=TEXT_LETTERS)
    recomputed = models.CharField(max_length=TEXT_LETTERS)
    difference = models.DecimalField(max_digits=38, decimal_places=10, null=True, help_text="Stored less recomputed")
    first_found_at = models.DateTimeField()
    last_found_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)
    first_verification = models.ForeignKey(Verification, on_delete=models.PROTECT, related_name="new_breaks")
    last_verification = models.ForeignKey(Verification, on_delete=models.PROTECT, related_name="breaks")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "object_id", "part"], condition=models.Q(gone_at__isnull=True), name="settlement_break_open_once")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.object_id} {self.part}".rstrip()  # type: ignore[attr-defined]
