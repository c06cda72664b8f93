"""Instruments with their dated fees and margins."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from quotes.admin.forms import FeeScheduleForm, InstrumentForm, MarginScheduleForm
from quotes.models import FeeSchedule, Instrument, MarginSchedule
from tradingdesk.kernel.admin import HistoriedAdmin, KeptInline, register_changes

MARGIN_WORDS = (
    "At which price orders freeze margin and lots opened today occupy it; carried lots stand at their settlement price. "
    "Where a price is not known yet, the next that is: the day's average, its last trade, the middle of the quote, the previous settlement, the order's own."
)
CLOSING_WORDS = (
    "A close takes lots for P&L and margin in one order and may be charged in another: as closing today's lots first, up to the number opened today, "
    "whichever lots it takes."
)


class FeeScheduleInline(KeptInline):
    model = FeeSchedule
    form = FeeScheduleForm


class MarginScheduleInline(KeptInline):
    model = MarginSchedule
    form = MarginScheduleForm


@admin.register(Instrument)
class InstrumentAdmin(HistoriedAdmin):
    form = InstrumentForm
    list_display = ["symbol", "name", "asset_class", "matching", "currency", "multiplier", "tick_size", "quantity_step", "is_active"]
    list_filter = ["asset_class", "matching", "currency", "is_active"]
    search_fields = ["symbol", "name"]
    inlines = [FeeScheduleInline, MarginScheduleInline]
    fieldsets = [
        (None, {"fields": [("symbol", "name"), ("product", "asset_class"), ("matching", "currency"), "is_active"]}),
        ("Contract", {"fields": [("multiplier", "tick_size"), ("quantity_step", "max_order_quantity")]}),
        ("Margin", {"description": MARGIN_WORDS, "fields": ["margin_basis"]}),
        ("Closing", {"description": CLOSING_WORDS, "fields": [("close_order", "fee_age")]}),
    ]

    def readonly_names(self, request: HttpRequest, obj: Any = None) -> Iterable[str]:
        """Open lots are valued by these: a contract of other terms is another instrument."""
        return () if obj is None else ("symbol", "currency", "multiplier")


@admin.register(FeeSchedule)
class FeeScheduleAdmin(HistoriedAdmin):
    form = FeeScheduleForm
    list_display = ["__str__", "instrument", "effective_from", "open_per_lot", "close_per_lot", "close_today_per_lot", "overnight_per_lot"]
    list_filter = ["instrument"]
    list_select_related = ["instrument"]
    autocomplete_fields = ["instrument"]


@admin.register(MarginSchedule)
class MarginScheduleAdmin(HistoriedAdmin):
    form = MarginScheduleForm
    list_display = ["__str__", "instrument", "effective_from", "rate", "per_lot", "maintenance_per_lot", "is_larger_side"]
    list_filter = ["instrument"]
    list_select_related = ["instrument"]
    autocomplete_fields = ["instrument"]


register_changes(Instrument, FeeSchedule, MarginSchedule)
