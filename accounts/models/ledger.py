"""The double-entry ledger. A journal is a set of entries that sums to zero, written in one INSERT, in one market, and never changed.

An entry's amount is positive when the party is better off by it: a deposit is +client, −house cash at bank (the bank owes us, we owe the client).
House balances are sums of entries, not rows that everyone updates.
"""

from django.conf import settings
from django.db import models

from accounts.enums import EntryKind, HousePurpose, JournalKind
from accounts.models.account import Account
from quotes.models import Instrument, Market
from tradingdesk.kernel.fields import ImpliedKey, MoneyField
from tradingdesk.kernel.models import AppendOnlyModel, NeverDeletedModel


class HouseAccount(NeverDeletedModel):
    """The house's side of the books, per market and currency, so that demo money can never enter live books."""

    fixed_fields = ("market", "currency", "purpose")
    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="house_accounts")
    currency = models.CharField(max_length=3)
    purpose = models.CharField(max_length=16, choices=HousePurpose)

    class Meta:
        ordering = ["market", "currency", "purpose"]
        constraints = [models.UniqueConstraint(fields=["market", "currency", "purpose"], name="accounts_houseaccount_unique")]

    def __str__(self) -> str:
        return f"{self.market} {self.currency} {self.get_purpose_display()}"


class Journal(AppendOnlyModel):
    """One movement of money and why it happened. `fill_id` is the fill it settles (a foreign key in the database, see orders' migrations).

    `first_line` is always 0: with it the database can say that no journal is without entries.
    """

    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=16, choices=JournalKind)
    trading_day = models.DateField()
    fill_id = models.BigIntegerField(null=True, unique=True)
    reverses = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="reversed_by")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    reason = models.CharField(max_length=200, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    first_line = models.PositiveSmallIntegerField(default=0, db_default=0)
    market_time = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="accounts_journal_first_line", condition=models.Q(first_line=0)),
            models.CheckConstraint(
                name="accounts_journal_of_a_fill",
                condition=models.Q(kind="FILL", fill_id__isnull=False) | (~models.Q(kind="FILL") & models.Q(fill_id__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Entry(AppendOnlyModel):
    """One line of a journal. Client lines carry the account's version and its amounts after them; house lines do not. That journal and party exist is
    looked at by the guard, which must read both anyway.
    """

    journal = ImpliedKey(Journal, on_delete=models.PROTECT, related_name="entries")
    line = models.PositiveIntegerField(help_text="Place in the journal, from 0")
    account = ImpliedKey(Account, null=True, on_delete=models.PROTECT, related_name="entries")
    house_account = ImpliedKey(HouseAccount, null=True, on_delete=models.PROTECT, related_name="entries", db_index=True)
    instrument = ImpliedKey(Instrument, null=True, on_delete=models.PROTECT)
    kind = models.CharField(max_length=16, choices=EntryKind)
    currency = models.CharField(max_length=3)
    amount = MoneyField()
    account_version = models.BigIntegerField(null=True)
    balance_after = MoneyField(null=True)
    frozen_after = MoneyField(null=True)
    margin_after = MoneyField(null=True)
    trading_day = models.DateField()
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "entries"
        indexes = [
            models.Index(fields=["account", "-id"], name="accounts_entry_account"),
            models.Index(fields=["account", "trading_day"], name="accounts_entry_day"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["journal", "line"], name="accounts_entry_line"),
            models.CheckConstraint(
                name="accounts_entry_one_party",
                condition=models.Q(account__isnull=False, house_account__isnull=True, account_version__isnull=False)
                | models.Q(account__isnull=True, house_account__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount} {self.currency}"
