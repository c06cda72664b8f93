"""Accounts and risk tiers. An account is opened by the service, so that its funds row is there from the first moment; its page shows what it stands at."""

from collections.abc import Iterable
from types import MappingProxyType
from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import AdminForm
from django.core.exceptions import PermissionDenied
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from accounts import selectors
from accounts.admin.forms import RiskTierForm
from accounts.admin_views import standing, standing_actions
from accounts.enums import AccountStatus
from accounts.models import Account, RiskTier
from accounts.services.opening import open_account
from tradingdesk.kernel.admin import READ_AND_POST, HistoriedAdmin, answers, register_changes, run_with_message
from tradingdesk.kernel.admin_columns import figure
from tradingdesk.kernel.templatetags import desk

STATUS_COLOURS = MappingProxyType({AccountStatus.ACTIVE: "success", AccountStatus.SUSPENDED: "warning", AccountStatus.CLOSED: ""})
DECIDED_AT_OPENING = ("number", "owner", "market", "custody", "currency")

# What an account's page leads to: label, changelist, the lookup that narrows it to the account
TRAILS = (
    ("Orders", "orders_order", "account__id__exact"),
    ("Fills", "orders_fill", "account__id__exact"),
    ("Order events", "orders_orderevent", "account__id__exact"),
    ("Ledger entries", "accounts_entry", "account__id__exact"),
    ("Lots", "accounts_lot", "account__id__exact"),
    ("Freezes", "accounts_freeze", "account__id__exact"),
    ("Days", "accounts_accountday", "account__id__exact"),
    ("Margin alerts", "risk_riskevent", "account__id__exact"),
)


def trails(account: Account) -> list[tuple[str, str]]:
    """Links to everything that belongs to the account."""
    return [(label, f"{reverse(f'admin:{name}_changelist')}?{lookup}={account.pk}") for label, name, lookup in TRAILS]


SETTLEMENT_WORDS = (
    "What settlement asks of an account, as a figure of its day; nothing is collected. US-style, an account is called when its balance is below the "
    "maintenance margin of its lots (margin schedules), not before. A deficit is written off once no lot is open and nothing frozen."
)


@admin.register(RiskTier)
class RiskTierAdmin(HistoriedAdmin):
    form = RiskTierForm
    list_display = ["name", "floating", "margin_factor", "watch_level", "warning_level", "liquidation_level", "variation_call", "deficit"]
    search_fields = ["name"]
    fieldsets = [
        (None, {"fields": ["name", ("floating", "margin_factor")]}),
        ("Margin levels, in per cent", {"fields": [("watch_level", "warning_level"), "liquidation_level"]}),
        ("Settlement", {"description": SETTLEMENT_WORDS, "fields": [("variation_call", "deficit")]}),
        ("Limits", {"fields": [("max_order_quantity", "max_position_quantity")]}),
    ]


@admin.register(Account)
class AccountAdmin(HistoriedAdmin):
    list_display = ["number", "name", "owner", "market", "tier", "status", "figure_balance", "figure_frozen", "figure_margin", "opened_at"]
    list_filter = [("market", RelatedDropdownFilter), ("tier", RelatedDropdownFilter), ("status", ChoicesDropdownFilter), "custody", "currency"]
    list_select_related = ["owner", "market", "tier", "funds"]
    search_fields = ["number__startswith", "name__icontains", "owner__username__startswith"]
    autocomplete_fields = ["owner", "agents", "market", "tier"]
    badges = {"status": STATUS_COLOURS}
    fieldsets = [
        (None, {"fields": [("number", "name"), ("owner", "tier"), "agents"]}),
        ("Books", {"fields": [("market", "custody"), ("currency", "status"), "opened_at"]}),
    ]
    add_fieldsets = [(None, {"fields": [("number", "name"), ("owner", "agents"), ("market", "tier"), "currency"]})]
    change_form_outer_before_template = "admin/accounts/standing.html"

    @admin.display(description="balance", ordering="funds__balance")
    def figure_balance(self, account: Account) -> str:
        return self._amount(account, "balance")

    @admin.display(description="frozen")
    def figure_frozen(self, account: Account) -> str:
        return self._amount(account, "frozen")

    @admin.display(description="margin", ordering="funds__margin")
    def figure_margin(self, account: Account) -> str:
        return self._amount(account, "margin")

    def _amount(self, account: Account, name: str) -> str:
        amount = getattr(account.funds, name)
        return figure(desk.money(amount), negative=amount < 0)

    def readonly_names(self, request: HttpRequest, obj: Any = None) -> Iterable[Any]:
        """What the books rest on is decided when the account is opened."""
        return () if obj is None else (*DECIDED_AT_OPENING, "status", "opened_at")

    def get_urls(self) -> list[Any]:
        page = self.admin_site.admin_view(standing)
        return [path("<path:object_id>/standing/", page, {"model_admin": self}, name="accounts_account_standing"), *super().get_urls()]

    @answers(*READ_AND_POST)
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """GET asks for the particulars; POST opens the account by its service, outside any transaction of the admin's."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = self.get_form(request, None)(request.POST or None)
        if request.method == "POST" and form.is_valid():
            account = run_with_message(request, f"Account {form.cleaned_data['number']} is open.", lambda: open_account(**form.cleaned_data))
            if account is not None:
                return HttpResponseRedirect(reverse("admin:accounts_account_change", args=[account.pk]))
        return self._opening_page(request, form, form_url)

    def _opening_page(self, request: HttpRequest, form: ModelForm, form_url: str) -> HttpResponse:
        shown = AdminForm(form, self.get_fieldsets(request), {}, (), model_admin=self)
        context = {
            **self.admin_site.each_context(request),
            "title": "Open an account",
            "adminform": shown,
            "errors": form.errors,
            "media": self.media + shown.media,
            "inline_admin_formsets": [],
            "show_save_and_add_another": False,
            "show_save_and_continue": False,
        }
        return self.render_change_form(request, context, add=True, form_url=form_url)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """The account's particulars, and above them what it stands at."""
        account = self.get_object(request, object_id)
        extra = {} if account is None else page_of(account) | {"standing_actions": standing_actions(request.user, account)}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **extra})


def page_of(account: Account) -> dict[str, Any]:
    """Figures, positions and trails of an account, and the days that can be saved, for its page."""
    return {
        "figures": selectors.figures(account.pk),
        "positions": selectors.positions(account.pk),
        "trails": trails(account),
        "saved_days": selectors.trading_days(account),
    }


register_changes(Account, RiskTier)
