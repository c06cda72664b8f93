"""One account's execution, with the quote it was made at inline: nobody has to look elsewhere to see why this price."""

from django.db import models

from accounts.models import Account
from orders.enums import Effect, OrderStep, Side
from orders.models.order import Order
from quotes.models import Instrument, Market
from tradingdesk.kernel.fields import ImpliedKey, MoneyField, PriceField, QuantityField
from tradingdesk.kernel.models import AppendOnlyModel


class Fill(AppendOnlyModel):
    """Against the house at its quote. With it the database captures the freeze and fills the order; its journal, its lot change and its five steps follow
    in the same transaction: `last_step` is always SETTLED, so that the database can say that no fill is without it.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="fills")
    account = ImpliedKey(Account, on_delete=models.PROTECT, related_name="fills")
    market = ImpliedKey(Market, on_delete=models.PROTECT)
    instrument = ImpliedKey(Instrument, on_delete=models.PROTECT)
    side = models.CharField(max_length=4, choices=Side)
    effect = models.CharField(max_length=8, choices=Effect)
    quantity = QuantityField()
    price = PriceField()
    fee = MoneyField()
    realised_pnl = MoneyField()
    captured_margin = MoneyField(help_text="Its share of the order's freeze, which it took with it")
    captured_fee = MoneyField()
    quote_seq = models.BigIntegerField()
    quote_bid = PriceField()
    quote_ask = PriceField()
    quote_time = models.DateTimeField()
    quote_source = models.CharField(max_length=32)
    last_step = models.CharField(max_length=12, default=OrderStep.SETTLED, db_default=OrderStep.SETTLED)
    account_version = models.BigIntegerField()
    trading_day = models.DateField()
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["account", "-id"], name="orders_fill_account")]
        constraints = [
            models.CheckConstraint(name="orders_fill_quantity_positive", condition=models.Q(quantity__gt=0, price__gt=0)),
            models.CheckConstraint(name="orders_fill_last_step", condition=models.Q(last_step=OrderStep.SETTLED)),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.quantity} @ {self.price}"
