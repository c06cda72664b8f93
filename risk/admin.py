"""Crossings of the margin ladder, read-only."""

from types import MappingProxyType

from django.contrib import admin
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter

from risk.enums import MarginState
from risk.models import RiskEvent
from tradingdesk.kernel.admin import LogAdmin

COLOURS = MappingProxyType(
    {
        MarginState.NORMAL: "success",
        MarginState.WATCH: "info",
        MarginState.WARNING: "warning",
        MarginState.LIQUIDATION: "danger",
        MarginState.DEFICIT: "danger",
    }
)


@admin.register(RiskEvent)
class RiskEventAdmin(LogAdmin):
    list_display = ["recorded_at", "account", "state_before", "state", "margin_level", "equity", "margin", "available"]
    list_filter = [("state", ChoicesDropdownFilter), ("recorded_at", RangeDateFilter)]
    search_fields = ["account__number", "account__name"]
    list_select_related = ["account"]
    badges = {"state": COLOURS, "state_before": COLOURS}
