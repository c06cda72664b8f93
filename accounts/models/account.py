"""The account row is the one lock of its orders, freezes, lots and money; its amounts stand in a narrow row of their own.

available = balance − frozen − margin − floating loss. It may be negative: that is a call.
"""

from decimal import Decimal

from django.conf import settings
from django.db import models

from accounts.enums import AccountStatus, Custody, DeficitRule, FloatingRule, VariationCall
from quotes.models import Market
from tradingdesk.kernel.fields import MoneyField, QuantityField, RateField
from tradingdesk.kernel.history import History
from tradingdesk.kernel.models import NeverDeletedModel


class RiskTier(models.Model):
    """How a group of accounts is margined and watched. Levels are margin levels (equity ÷ margin) in per cent; a level triggers strictly below it."""

    name = models.CharField(max_length=64, unique=True)
    floating = models.CharField(max_length=16, choices=FloatingRule, default=FloatingRule.LOSSES_ONLY, help_text="What counts in available")
    margin_factor = RateField(default=1, help_text="The instrument's margin is multiplied by this")
    watch_level = models.DecimalField(max_digits=8, decimal_places=2, default=150)
    warning_level = models.DecimalField(max_digits=8, decimal_places=2, default=120)
    liquidation_level = models.DecimalField(max_digits=8, decimal_places=2, default=100)
    deficit = models.CharField(max_length=16, choices=DeficitRule, default=DeficitRule.OWED, help_text="A negative balance with nothing open")
    variation_call = models.CharField(max_length=16, choices=VariationCall, default=VariationCall.NONE, help_text="US-style call at settlement")
    max_order_quantity = QuantityField(null=True, blank=True)
    max_position_quantity = QuantityField(null=True, blank=True, help_text="Of one instrument, one side")
    history = History()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="accounts_risktier_levels_ordered",
                condition=models.Q(liquidation_level__lte=models.F("warning_level")) & models.Q(warning_level__lte=models.F("watch_level")),
            ),
            models.CheckConstraint(name="accounts_risktier_factor_positive", condition=models.Q(margin_factor__gt=0)),
        ]

    def __str__(self) -> str:
        return self.name


class Account(NeverDeletedModel):
    """A client's margin account in one market and one currency, for as long as it exists."""

    fixed_fields = ("market", "currency")

    number = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=100)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="accounts")
    agents = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="managed_accounts", help_text="May trade it for the owner")
    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="accounts")
    custody = models.CharField(max_length=8, choices=Custody, default=Custody.HOUSE)
    currency = models.CharField(max_length=3, default="USD")
    tier = models.ForeignKey(RiskTier, on_delete=models.PROTECT, related_name="accounts")
    status = models.CharField(max_length=16, choices=AccountStatus, default=AccountStatus.ACTIVE)
    opened_at = models.DateTimeField()
    history = History(m2m_fields=(agents,))

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return self.number


class AccountFunds(NeverDeletedModel):
    """What the account's money stands at: the balance moved by its entries, the rest by `accounts.services.funds`; recomputable from entries, freezes, lots.

    `version` rises by one with every command that touches the account; entries and events carry it. PostgreSQL has it begin with zeros.
    """

    fixed_fields = ("account",)
    derived_fields = ("balance",)  # from entries
    account = models.OneToOneField(Account, on_delete=models.PROTECT, primary_key=True, related_name="funds")
    balance = MoneyField(default=0)
    frozen_margin = MoneyField(default=0)
    frozen_fee = MoneyField(default=0)
    margin = MoneyField(default=0)
    floating_loss = MoneyField(default=0, help_text="As computed when it was last checked; the database's own guard uses it")
    version = models.BigIntegerField(default=0)
    settled_through = models.DateField(null=True)

    class Meta:
        verbose_name_plural = "account funds"
        constraints = [
            models.CheckConstraint(
                name="accounts_funds_frozen_not_negative", condition=models.Q(frozen_margin__gte=0, frozen_fee__gte=0, margin__gte=0)
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.balance}"

    @property
    def frozen(self) -> Decimal:
        """Both parts of the open freezes."""
        return self.frozen_margin + self.frozen_fee
