"""The reservation an accepted order makes (rules/futures.md §5.3): margin, fee and, for closing orders, lots."""

from decimal import Decimal

from django.db import models

from accounts.enums import FreezeStatus, PositionSide
from accounts.models.account import Account
from quotes.models import Instrument
from tradingdesk.kernel.fields import ImpliedKey, MoneyField, QuantityField
from tradingdesk.kernel.models import NeverDeletedModel


class Freeze(NeverDeletedModel):
    """One per order. Captured pro rata by fills, the rest released by cancel or expiry; resolved once.

    Whatever was frozen is open, captured or released: margin = open + captured + released, and so for the fee and the quantity.
    `side` is the side of the position it opens or closes; closing orders freeze lots of it, and no margin. Of a product that is charged by its larger side
    `margin` is what the order added to the charge when it was placed (§5.4); it stays so, whatever becomes of the lots and orders it was compared with.
    """

    fixed_fields = ("account", "instrument", "order_id", "side", "is_closing", "quantity", "margin", "fee", "gross_margin", "margin_group")
    derived_fields = ("captured_quantity", "captured_margin", "captured_fee")  # from fills
    account = ImpliedKey(Account, on_delete=models.PROTECT, related_name="freezes")
    instrument = ImpliedKey(Instrument, on_delete=models.PROTECT)
    order_id = models.BigIntegerField(unique=True)
    status = models.CharField(max_length=8, choices=FreezeStatus, default=FreezeStatus.OPEN)
    side = models.CharField(max_length=8, choices=PositionSide)
    is_closing = models.BooleanField()
    quantity = QuantityField()
    margin = MoneyField()
    fee = MoneyField()
    gross_margin = MoneyField(
        default=0, db_default=0, help_text="What the order's lots are margined at by themselves; with larger-side margin less may be frozen"
    )
    margin_group = models.CharField(
        max_length=32, blank=True, default="", db_default="", help_text="Product whose larger side is charged; empty: both sides are"
    )
    captured_quantity = QuantityField(default=0, db_default=0)
    captured_margin = MoneyField(default=0, db_default=0)
    captured_fee = MoneyField(default=0, db_default=0)
    released_quantity = QuantityField(default=0, db_default=0)
    released_margin = MoneyField(default=0, db_default=0)
    released_fee = MoneyField(default=0, db_default=0)
    created_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["account"], condition=models.Q(status="OPEN"), name="accounts_freeze_open")]
        constraints = [
            models.CheckConstraint(
                name="accounts_freeze_not_overdrawn",
                condition=models.Q(
                    quantity__gte=models.F("captured_quantity") + models.F("released_quantity"),
                    margin__gte=models.F("captured_margin") + models.F("released_margin"),
                    fee__gte=models.F("captured_fee") + models.F("released_fee"),
                ),
            ),
            models.CheckConstraint(
                name="accounts_freeze_resolved_in_full",
                condition=models.Q(status="OPEN")
                | models.Q(
                    quantity=models.F("captured_quantity") + models.F("released_quantity"),
                    margin=models.F("captured_margin") + models.F("released_margin"),
                    fee=models.F("captured_fee") + models.F("released_fee"),
                    resolved_at__isnull=False,
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"freeze of order {self.order_id}"

    @property
    def open_quantity(self) -> Decimal:
        """What is neither captured nor released."""
        return self.quantity - self.captured_quantity - self.released_quantity

    @property
    def open_margin(self) -> Decimal:
        return self.margin - self.captured_margin - self.released_margin

    @property
    def open_fee(self) -> Decimal:
        return self.fee - self.captured_fee - self.released_fee
