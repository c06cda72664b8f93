"""Orders, fills and events, read-only; an order's page shows its whole way: events, fills, freeze, ledger entries."""

from types import MappingProxyType
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter, RangeDateFilter

from accounts.models import Entry, Freeze
from orders.enums import OrderStatus, OrderStep, Side
from orders.models import Fill, Order, OrderEvent
from tradingdesk.kernel.admin import LogAdmin
from tradingdesk.kernel.admin_columns import badge, figure, named_in_links
from tradingdesk.kernel.templatetags import desk

STATUS_COLOURS = MappingProxyType(
    {
        OrderStatus.DENIED: "danger",
        OrderStatus.PLACED: "warning",
        OrderStatus.FROZEN: "warning",
        OrderStatus.WORKING: "info",
        OrderStatus.PARTIALLY_FILLED: "info",
        OrderStatus.FILLED: "success",
        OrderStatus.CANCELED: "",
        OrderStatus.EXPIRED: "",
    }
)
STEP_COLOURS = MappingProxyType(
    dict.fromkeys(OrderStep, "")
    | {OrderStep.DENIED: "danger", OrderStep.FILLED: "success", OrderStep.SETTLED: "success", OrderStep.RESTED: "info", OrderStep.CANCELED: "warning"}
)
SIDE_COLOURS = MappingProxyType({Side.BUY: "info", Side.SELL: "warning"})


def order_name(order: Order) -> str:
    """#1234 Buy 1 XAUUSD"""
    return f"#{order.pk} {order.get_side_display()} {desk.quantity(order.quantity)} {order.instrument}"  # type: ignore[attr-defined]


named_in_links(Order, order_name)


def journey(order: Order) -> dict[str, Any]:
    """Everything that happened to one order, in five queries however many fills it has."""
    fills = list(order.fills.order_by("id"))  # type: ignore[attr-defined]
    entries = Entry.objects.filter(journal__fill_id__in=[fill.pk for fill in fills]).order_by("id")
    return {
        "events": order.events.select_related("actor", "fill"),  # type: ignore[attr-defined]
        "fills": fills,
        "freeze": Freeze.objects.filter(order_id=order.pk).first(),
        "entries": entries.select_related("account", "house_account__market", "journal"),
        "decimals": order.instrument.price_decimals,
        "step_colours": STEP_COLOURS,
    }


@admin.register(Order)
class OrderAdmin(LogAdmin):
    list_display = [
        "id",
        "account",
        "instrument",
        "side",
        "effect",
        "type",
        "figure_lots",
        "limit_price",
        "figure_filled",
        "came_to",
        "placed_at",
    ]
    list_filter = [
        ("account", AutocompleteSelectFilter),
        "market",
        "instrument",
        ("status", ChoicesDropdownFilter),
        ("reason", ChoicesDropdownFilter),
        "side",
        "type",
        ("trading_day", RangeDateFilter),
    ]
    list_select_related = ["account", "instrument"]
    search_fields = ["account__number__startswith", "client_order_id__exact", "request_id__exact"]
    badges = {"status": STATUS_COLOURS, "side": SIDE_COLOURS}
    change_form_outer_before_template = "admin/orders/journey.html"
    timeline = "order-events"

    @admin.display(description="lots", ordering="quantity")
    def figure_lots(self, order: Order) -> str:
        return figure(desk.quantity(order.quantity))

    @admin.display(description="filled", ordering="filled_quantity")
    def figure_filled(self, order: Order) -> str:
        return figure(desk.quantity(order.filled_quantity))

    @admin.display(description="status", ordering="status")
    def came_to(self, order: Order) -> str:
        """Status, and beneath it the reason where there is one."""
        status = badge(order.status, order.get_status_display(), STATUS_COLOURS)  # type: ignore[attr-defined]
        reason = format_html("<small>{}</small>", order.get_reason_display()) if order.reason else ""  # type: ignore[attr-defined]
        return format_html('<span class="came-to">{}{}</span>', status, reason)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("account", "market", "instrument", "actor")

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """The order's row, and its journey above it."""
        order = self.get_object(request, object_id)
        extra = journey(order) | {"title": order_name(order)} if order is not None else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **extra})


@admin.register(Fill)
class FillAdmin(LogAdmin):
    list_display = [
        "id",
        "account",
        "order",
        "effect",
        "quantity",
        "price",
        "fee",
        "realised_pnl",
        "quote_bid",
        "quote_ask",
        "recorded_at",
    ]
    list_filter = [("account", AutocompleteSelectFilter), "market", "instrument", "side", "effect", ("trading_day", RangeDateFilter)]
    list_select_related = ["account", "order__instrument"]
    search_fields = ["account__number__startswith", "order__client_order_id__exact"]
    badges = {"side": SIDE_COLOURS}


@admin.register(OrderEvent)
class OrderEventAdmin(LogAdmin):
    list_display = [
        "id",
        "order",
        "account",
        "step",
        "status",
        "balance_after",
        "frozen_after",
        "margin_after",
        "account_version",
        "actor",
        "recorded_at",
    ]
    list_filter = [("account", AutocompleteSelectFilter), ("step", ChoicesDropdownFilter), ("status", ChoicesDropdownFilter)]
    list_select_related = ["order__instrument", "account", "actor"]
    search_fields = ["account__number__startswith", "order__client_order_id__exact", "request_id__exact"]
    ordering = ["-id"]
    badges = {"step": STEP_COLOURS, "status": STATUS_COLOURS}
