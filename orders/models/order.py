"""One order of one account. Its status moves by `orders.domain.transitions` alone, and PostgreSQL refuses anything else."""

from decimal import Decimal

from django.conf import settings
from django.db import models

from accounts.models import Account
from orders.enums import Effect, OrderStatus, OrderType, Reason, Side, TimeInForce
from quotes.models import Instrument, Market
from tradingdesk.kernel import money
from tradingdesk.kernel.fields import ImpliedKey, MoneyField, PriceField, QuantityField
from tradingdesk.kernel.models import NeverDeletedModel

RESTING_CONDITION = models.Q(status__in=["WORKING", "PARTIALLY_FILLED"])


class Order(NeverDeletedModel):
    """`client_order_id` is unique in the account: the same id and content again returns this order, other content is refused.

    `checked_seq` is the tick it was placed at, or that filled the last part of it: only later ticks may fill it. `terms` are the margin and fee rates it
    was placed at, copied.
    `taken_up`: the market process has looked at every tick between `checked_seq` and its own position; from then on it watches the order.
    """

    fixed_fields = ("account", "client_order_id", "fingerprint", "market", "instrument", "side", "effect", "type", "time_in_force", "quantity")
    derived_fields = ("filled_quantity", "filled_value", "realised_pnl", "fees")  # from fills
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="orders", db_index=False)
    client_order_id = models.CharField(max_length=64)
    fingerprint = models.CharField(max_length=64, help_text="Hash of what was asked for")
    market = ImpliedKey(Market, on_delete=models.PROTECT, related_name="orders")
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="orders", db_index=False)
    side = models.CharField(max_length=4, choices=Side)
    effect = models.CharField(max_length=8, choices=Effect)
    type = models.CharField(max_length=8, choices=OrderType)
    time_in_force = models.CharField(max_length=4, choices=TimeInForce)
    quantity = QuantityField()
    limit_price = PriceField(null=True)
    status = models.CharField(max_length=20, choices=OrderStatus)
    reason = models.CharField(max_length=32, choices=Reason, blank=True)
    detail = models.JSONField(default=dict, help_text="The numbers behind the reason")
    filled_quantity = QuantityField(default=0)
    filled_value = models.DecimalField(max_digits=38, decimal_places=10, default=0, help_text="Sum of price × quantity of its fills")
    realised_pnl = MoneyField(default=0)
    fees = MoneyField(default=0)
    checked_seq = models.BigIntegerField(default=0)
    taken_up = models.BooleanField(default=False)
    terms = models.JSONField(default=dict)
    trading_day = models.DateField(null=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    source = models.CharField(max_length=16, help_text="Where it came in: page, api, desk")
    request_id = models.CharField(max_length=64, blank=True)
    market_time = models.DateTimeField()
    placed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["account", "-id"], name="orders_order_account"),
            models.Index(fields=["market", "instrument", "side", "limit_price"], condition=RESTING_CONDITION, name="orders_order_resting"),
            models.Index(fields=["market", "instrument"], condition=RESTING_CONDITION & models.Q(taken_up=False), name="orders_order_new"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["account", "client_order_id"], name="orders_order_client_order_id"),
            models.CheckConstraint(name="orders_order_status_known", condition=models.Q(status__in=OrderStatus.values)),
            models.CheckConstraint(
                name="orders_order_denied_moved_nothing", condition=~models.Q(status="DENIED") | models.Q(filled_quantity=0, fees=0)
            ),
            models.CheckConstraint(
                name="orders_order_quantity",
                condition=models.Q(status="DENIED") | models.Q(quantity__gt=0, filled_quantity__gte=0, filled_quantity__lte=models.F("quantity")),
            ),
            models.CheckConstraint(
                name="orders_order_filled_in_full", condition=~models.Q(status="FILLED") | models.Q(filled_quantity=models.F("quantity"))
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.get_side_display()} {money.text(self.quantity)}"  # type: ignore[attr-defined]

    @property
    def leaves_quantity(self) -> Decimal:
        """What may still be filled."""
        return self.quantity - self.filled_quantity

    @property
    def is_filled_in_part(self) -> bool:
        """Whatever became of the rest."""
        return 0 < self.filled_quantity < self.quantity

    @property
    def average_price(self) -> Decimal | None:
        """Volume-weighted price of its fills."""
        return self.filled_value / self.filled_quantity if self.filled_quantity else None
