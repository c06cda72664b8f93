"""What can be traded, and its dated fees and margins: parameters that change by notice, never constants (rules/futures.md, head)."""

from django.core.validators import MinValueValidator
from django.db import models

from quotes.enums import AssetClass, LotChoice, MarginBasis, Matching
from tradingdesk.kernel.fields import MoneyField, PriceField, QuantityField, RateField
from tradingdesk.kernel.history import History


class Instrument(models.Model):
    """Contract terms. P&L of one lot = price difference × multiplier, in `currency`."""

    symbol = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=100)
    product = models.CharField(max_length=32, blank=True, help_text="Groups the months of one product for larger-side margin; empty: the symbol")
    asset_class = models.CharField(max_length=16, choices=AssetClass, default=AssetClass.FUTURE)
    matching = models.CharField(max_length=16, choices=Matching, default=Matching.DEALER)
    currency = models.CharField(max_length=3, default="USD")
    multiplier = QuantityField(help_text="Units of the underlying in one lot: 100 troy ounces")
    tick_size = PriceField(help_text="Smallest price step; 0 allows any price")
    quantity_step = QuantityField(default=1, help_text="Smallest quantity step; 1: whole lots")
    max_order_quantity = QuantityField(null=True, blank=True)
    margin_basis = models.CharField(max_length=24, choices=MarginBasis, default=MarginBasis.ORDER_PRICE)
    close_order = models.CharField(max_length=16, choices=LotChoice, default=LotChoice.FIFO, help_text="Which lots a close takes")
    fee_age = models.CharField(max_length=16, choices=LotChoice, default=LotChoice.FIFO, help_text="Which lots a close is charged as")
    is_active = models.BooleanField(default=True)
    history = History()

    class Meta:
        ordering = ["symbol"]
        constraints = [
            models.CheckConstraint(name="quotes_instrument_multiplier_positive", condition=models.Q(multiplier__gt=0)),
            models.CheckConstraint(name="quotes_instrument_tick_not_negative", condition=models.Q(tick_size__gte=0)),
            models.CheckConstraint(name="quotes_instrument_step_positive", condition=models.Q(quantity_step__gt=0)),
        ]

    def __str__(self) -> str:
        return self.symbol

    @property
    def price_decimals(self) -> int:
        """Digits after the point that a price of this instrument shows."""
        exponent = self.tick_size.normalize().as_tuple().exponent
        return max(0, -exponent) if self.tick_size and isinstance(exponent, int) else 3


class FeeSchedule(models.Model):
    """Fees from a trading day on: lots × (per lot + rate × price × multiplier), rounded per fill (rules/futures.md §4).

    An order's rates are copied onto it when it is placed, and are charged by its fills whenever they come; the overnight fee is that of the day settled.
    """

    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="fee_schedules")
    effective_from = models.DateField(help_text="Orders placed from this trading day on pay these; orders that rest already keep theirs")
    open_per_lot = MoneyField(default=0)
    open_rate = RateField(default=0)
    close_per_lot = MoneyField(default=0)
    close_rate = RateField(default=0)
    close_today_per_lot = MoneyField(default=0, help_text="For lots opened the same trading day")
    close_today_rate = RateField(default=0)
    overnight_per_lot = MoneyField(default=0, help_text="Charged at settlement on every open lot")
    history = History()

    class Meta:
        ordering = ["instrument", "-effective_from"]
        constraints = [models.UniqueConstraint(fields=["instrument", "effective_from"], name="quotes_feeschedule_unique")]

    def __str__(self) -> str:
        return f"{self.instrument} fees from {self.effective_from}"


class MarginSchedule(models.Model):
    """Margin from a trading day on: price × multiplier × rate + per lot.

    An order's rate is copied onto it when it is placed; each settlement bases open lots anew on the rate of the day after it (rules/futures.md §1.3).
    """

    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="margin_schedules")
    effective_from = models.DateField(help_text="Orders placed from this trading day on; open lots from the settlement of the day before")
    rate = RateField(default=0, validators=[MinValueValidator(0)])
    per_lot = MoneyField(default=0, validators=[MinValueValidator(0)])
    maintenance_per_lot = MoneyField(
        default=0, validators=[MinValueValidator(0)], help_text="What must be left of it at settlement, US-style; 0: no such call"
    )
    is_larger_side = models.BooleanField(
        default=False, help_text="Of a product's months together the larger side is charged, not both (rules/futures.md §5.4)"
    )
    history = History()

    class Meta:
        ordering = ["instrument", "-effective_from"]
        constraints = [
            models.UniqueConstraint(fields=["instrument", "effective_from"], name="quotes_marginschedule_unique"),
            models.CheckConstraint(
                name="quotes_marginschedule_not_negative", condition=models.Q(rate__gte=0, per_lot__gte=0, maintenance_per_lot__gte=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.instrument} margin from {self.effective_from}"
