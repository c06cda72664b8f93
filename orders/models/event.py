"""The event log: what happened to an order, step by step, with the account's amounts after each. PostgreSQL refuses a skipped, repeated or reordered step."""

from functools import reduce
from operator import or_

from django.conf import settings
from django.db import models

from accounts.models import Account
from orders.domain.steps import FILL_STEPS, STATUS_AFTER
from orders.enums import OrderStatus, OrderStep
from orders.models.fill import Fill
from orders.models.order import Order
from tradingdesk.kernel.fields import ImpliedKey, MoneyField
from tradingdesk.kernel.models import AppendOnlyModel


class OrderEvent(AppendOnlyModel):
    """One step. The amounts are null where nothing was accepted (DENIED). That order and fill exist is looked at by the guard, which must read both anyway."""

    order = ImpliedKey(Order, on_delete=models.PROTECT, related_name="events")
    account = ImpliedKey(Account, on_delete=models.PROTECT)
    fill = ImpliedKey(Fill, null=True, on_delete=models.PROTECT, related_name="events")
    step = models.CharField(max_length=12, choices=OrderStep)
    status = models.CharField(max_length=20, choices=OrderStatus, help_text="Of the order after this step")
    data = models.JSONField(default=dict)
    account_version = models.BigIntegerField(null=True)
    balance_after = MoneyField(null=True)
    frozen_after = MoneyField(null=True)
    margin_after = MoneyField(null=True)
    actor = ImpliedKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT)
    request_id = models.CharField(max_length=64, blank=True)
    market_time = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["order", "fill", "step"], nulls_distinct=False, name="orders_orderevent_once"),
            models.CheckConstraint(
                name="orders_orderevent_fill_steps",
                condition=models.Q(step__in=FILL_STEPS, fill__isnull=False) | (~models.Q(step__in=FILL_STEPS) & models.Q(fill__isnull=True)),
            ),
            models.CheckConstraint(
                name="orders_orderevent_status",
                condition=reduce(or_, (models.Q(step=step, status__in=statuses) for step, statuses in STATUS_AFTER.items())),
            ),
        ]
        indexes = [models.Index(fields=["account", "-id"], name="orders_orderevent_account")]

    def __str__(self) -> str:
        return self.step
