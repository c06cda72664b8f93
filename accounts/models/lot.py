"""Positions as lots: each the open remainder of one opening fill. P&L is computed per lot and summed (rules/futures.md §2.2)."""

from django.db import models

from accounts.enums import LotChangeKind, PositionSide
from accounts.models.account import Account
from quotes.models import Instrument
from tradingdesk.kernel.fields import ImpliedKey, MoneyField, PriceField, QuantityField
from tradingdesk.kernel.models import AppendOnlyModel, NeverDeletedModel


class Lot(NeverDeletedModel):
    """`basis_price` is what P&L runs from: the open price until the first settlement, then the last settlement price.

    `margin` is what the open remainder is margined at by itself. An account's lots of one `margin_group` occupy the larger of their two sides (§5.4); the
    others what they add up to. Ids ascend with time, so FIFO is by id.
    """

    fixed_fields = ("account", "instrument", "side", "opening_fill_id", "opened_quantity", "open_price", "trading_day", "opened_at")
    derived_fields = ("quantity", "basis_price", "margin", "marked_through", "closed_at")  # from its changes
    account = ImpliedKey(Account, on_delete=models.PROTECT, related_name="lots")
    instrument = ImpliedKey(Instrument, on_delete=models.PROTECT)
    side = models.CharField(max_length=8, choices=PositionSide)
    opening_fill_id = models.BigIntegerField(unique=True)
    opened_quantity = QuantityField()
    quantity = QuantityField(help_text="Open remainder; 0: closed")
    open_price = PriceField()
    basis_price = PriceField()
    margin = MoneyField()
    margin_group = models.CharField(
        max_length=32, blank=True, default="", db_default="", help_text="Product whose larger side is charged; empty: both sides are"
    )
    charged_today = QuantityField(
        default=0, db_default=0, help_text="Of what was opened: closes that were charged at the close-today rate against this lot (fee age)"
    )
    trading_day = models.DateField(help_text="Of the opening fill")
    marked_through = models.DateField(null=True, help_text="Trading day of the settlement the basis is from")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["account", "instrument"], condition=models.Q(quantity__gt=0), name="accounts_lot_open"),
            # Closed, and not charged as what was opened that day: looked for among the lots of the day (accounts.domain.lots).
            models.Index(
                fields=["account", "trading_day"],
                condition=models.Q(quantity=0, charged_today__lt=models.F("opened_quantity")),
                name="accounts_lot_chargeable",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="accounts_lot_remainder",
                condition=models.Q(quantity__gte=0, quantity__lte=models.F("opened_quantity"), margin__gte=0)
                & models.Q(charged_today__gte=0, charged_today__lte=models.F("opened_quantity"))
                & (models.Q(quantity__gt=0) | models.Q(margin=0)),
            )
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.quantity} @ {self.open_price}"


class LotChange(AppendOnlyModel):
    """What happened to a lot, in order: quantities and margins of a lot are the sums of its changes. The lot is born as its OPEN change says; every
    later change moves it, a MARK also its basis to `price`.
    """

    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="changes")
    account = ImpliedKey(Account, on_delete=models.PROTECT)
    kind = models.CharField(max_length=8, choices=LotChangeKind)
    fill_id = models.BigIntegerField(null=True)
    quantity_change = QuantityField()
    margin_change = MoneyField()
    price = PriceField(help_text="Of the fill, or the settlement price")
    basis_price = PriceField(help_text="What the P&L ran from")
    pnl = MoneyField(help_text="Paid into the balance by this change")
    account_version = models.BigIntegerField()
    trading_day = models.DateField()
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["fill_id"], condition=models.Q(fill_id__isnull=False), name="accounts_lotchange_fill")]
        constraints = [
            models.CheckConstraint(
                name="accounts_lotchange_kind",
                condition=models.Q(kind="OPEN", fill_id__isnull=False, quantity_change__gt=0, margin_change__gte=0)
                | models.Q(kind="CLOSE", fill_id__isnull=False, quantity_change__lt=0, margin_change__lte=0)
                | models.Q(kind="MARK", fill_id__isnull=True, quantity_change=0),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.quantity_change}"
