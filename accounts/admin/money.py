"""What accounts stand at, the double-entry ledger behind it, and the days that settlement has closed."""

from types import MappingProxyType
from typing import Any

from django.contrib import admin
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter, RangeDateFilter

from accounts.enums import EntryKind, JournalKind
from accounts.models import AccountDay, AccountFunds, Entry, HouseAccount, Journal
from tradingdesk.kernel.admin import LogAdmin, ReadOnlyAdmin
from tradingdesk.kernel.admin_columns import figure
from tradingdesk.kernel.money import ZERO
from tradingdesk.kernel.templatetags import desk

ENTRY_COLOURS = MappingProxyType(
    {
        EntryKind.CASH: "info",
        EntryKind.REALISED_PNL: "success",
        EntryKind.HOLDING_PNL: "success",
        EntryKind.FEE: "",
        EntryKind.OVERNIGHT_FEE: "",
        EntryKind.COMPENSATION: "warning",
    }
)
JOURNAL_COLOURS = MappingProxyType({JournalKind.CASH: "info", JournalKind.FILL: "success", JournalKind.SETTLEMENT: "warning"})


@admin.register(AccountFunds)
class AccountFundsAdmin(ReadOnlyAdmin):
    list_display = ["account", "balance", "frozen_margin", "frozen_fee", "margin", "floating_loss", "version", "settled_through"]
    list_filter = [("account", AutocompleteSelectFilter), "account__market"]
    list_select_related = ["account"]
    search_fields = ["account__number__startswith", "account__name__icontains"]
    ordering = ["account__number"]

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> list[Any]:
        return [list_display[1]]


@admin.register(AccountDay)
class AccountDayAdmin(LogAdmin):
    list_display = [
        "trading_day",
        "account",
        "opening_balance",
        "cash",
        "realised_pnl",
        "holding_pnl",
        "fees",
        "compensation",
        "closing_balance",
        "margin",
        "margin_call",
        "lots",
    ]
    list_filter = [("account", AutocompleteSelectFilter), "market", ("trading_day", RangeDateFilter)]
    list_select_related = ["account"]
    search_fields = ["account__number__startswith"]


@admin.register(HouseAccount)
class HouseAccountAdmin(ReadOnlyAdmin):
    """A house balance is a sum of entries, shown on the account's own page and not in the list, where it would be summed for every row."""

    list_display = ["id", "market", "currency", "purpose"]
    list_filter = ["market", "currency", "purpose"]
    list_select_related = ["market"]
    fields = ["market", "currency", "purpose", "balance"]

    @admin.display(description="balance")
    def balance(self, house_account: HouseAccount) -> str:
        total = house_account.entries.aggregate(total=Sum("amount"))["total"] or ZERO  # type: ignore[attr-defined]
        return figure(desk.money(total), negative=total < 0)


@admin.register(Journal)
class JournalAdmin(LogAdmin):
    list_display = ["id", "market", "kind", "trading_day", "fill_id", "reason", "actor", "recorded_at"]
    list_filter = ["market", ("kind", ChoicesDropdownFilter), ("trading_day", RangeDateFilter)]
    list_select_related = ["market", "actor"]
    search_fields = ["id__exact", "fill_id__exact", "request_id__exact"]
    badges = {"kind": JOURNAL_COLOURS}
    change_form_after_template = "admin/accounts/journal_entries.html"

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """The journal and its entries, which sum to zero."""
        journal = self.get_object(request, object_id)
        entries = [] if journal is None else list(journal.entries.select_related("account", "house_account__market", "journal").order_by("id"))
        extra = {"entries": entries, "total": sum((e.amount for e in entries), ZERO)}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **extra})


@admin.register(Entry)
class EntryAdmin(LogAdmin):
    list_display = [
        "id",
        "journal",
        "account",
        "house_account",
        "kind",
        "amount",
        "currency",
        "balance_after",
        "frozen_after",
        "margin_after",
        "trading_day",
        "recorded_at",
    ]
    list_filter = [("account", AutocompleteSelectFilter), ("kind", ChoicesDropdownFilter), "currency", ("trading_day", RangeDateFilter)]
    list_select_related = ["journal", "account", "house_account__market"]
    search_fields = ["account__number__startswith"]
    badges = {"kind": ENTRY_COLOURS}
