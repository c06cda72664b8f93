"""Freezes, lots and what happened to them."""

from types import MappingProxyType
from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateFilter

from accounts.enums import FreezeStatus, LotChangeKind, PositionSide
from accounts.models import Freeze, Lot, LotChange
from tradingdesk.kernel.admin import LogAdmin

FREEZE_COLOURS = MappingProxyType({FreezeStatus.OPEN: "warning", FreezeStatus.RESOLVED: ""})
SIDE_COLOURS = MappingProxyType({PositionSide.LONG: "info", PositionSide.SHORT: "warning"})
CHANGE_COLOURS = MappingProxyType({LotChangeKind.OPEN: "success", LotChangeKind.CLOSE: "", LotChangeKind.MARK: "info"})


@admin.register(Freeze)
class FreezeAdmin(LogAdmin):
    list_display = [
        "id",
        "account",
        "order",
        "instrument",
        "status",
        "quantity",
        "margin",
        "gross_margin",
        "fee",
        "captured_margin",
        "released_margin",
        "created_at",
    ]
    list_filter = [("account", AutocompleteSelectFilter), "status", "instrument"]
    list_select_related = ["account", "instrument"]
    search_fields = ["account__number__startswith", "order_id__exact"]
    badges = {"status": FREEZE_COLOURS}

    @admin.display(description="order", ordering="order_id")
    def order(self, freeze: Freeze) -> str:
        return format_html('<a class="text-link" href="{}">#{}</a>', reverse("admin:orders_order_change", args=[freeze.order_id]), freeze.order_id)


@admin.register(Lot)
class LotAdmin(LogAdmin):
    list_display = [
        "id",
        "account",
        "instrument",
        "side",
        "opened_quantity",
        "quantity",
        "open_price",
        "basis_price",
        "margin",
        "margin_group",
        "trading_day",
        "opened_at",
        "closed_at",
    ]
    list_filter = [("account", AutocompleteSelectFilter), "instrument", "side", ("trading_day", RangeDateFilter)]
    list_select_related = ["account", "instrument"]
    search_fields = ["account__number__startswith", "opening_fill_id__exact"]
    badges = {"side": SIDE_COLOURS}
    change_form_after_template = "admin/accounts/lot_changes.html"

    def change_view(self, request: Any, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        """The lot and what happened to it, in order."""
        lot = self.get_object(request, object_id)
        changes = [] if lot is None else lot.changes.order_by("id")
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "changes": changes})


@admin.register(LotChange)
class LotChangeAdmin(LogAdmin):
    list_display = [
        "id",
        "lot",
        "account",
        "kind",
        "quantity_change",
        "margin_change",
        "price",
        "basis_price",
        "pnl",
        "trading_day",
        "recorded_at",
    ]
    list_filter = [("account", AutocompleteSelectFilter), "kind", ("trading_day", RangeDateFilter)]
    list_select_related = ["lot", "account"]
    search_fields = ["account__number__startswith", "fill_id__exact"]
    badges = {"kind": CHANGE_COLOURS}
