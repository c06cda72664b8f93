"""Markets and what is listed in them."""

from types import MappingProxyType

from django.contrib import admin

from quotes.enums import MarketKind
from quotes.models import Listing, Market
from tradingdesk.kernel.admin import HistoriedAdmin, KeptInline, register_changes

KIND_COLOURS = MappingProxyType({MarketKind.LIVE: "danger", MarketKind.DEMO: "info", MarketKind.TRAINING: "success"})


class ListingInline(KeptInline):
    model = Listing
    autocomplete_fields = ["instrument"]


@admin.register(Market)
class MarketAdmin(HistoriedAdmin):
    list_display = ["code", "name", "kind", "clock", "feed", "is_active", "settles_automatically", "priced_through"]
    list_filter = ["kind", "is_active"]
    search_fields = ["code", "name"]
    badges = {"kind": KIND_COLOURS}
    readonly_fields = ["priced_through"]
    fieldsets = [
        (None, {"fields": [("code", "name"), ("kind", "clock"), "is_active"]}),
        ("Feed", {"fields": ["feed", "feed_options"]}),
        ("Settlement", {"fields": [("settles_automatically", "priced_through")]}),
    ]
    inlines = [ListingInline]


@admin.register(Listing)
class ListingAdmin(HistoriedAdmin):
    list_display = ["__str__", "market", "instrument", "calendar", "max_quote_age_seconds", "max_jump_rate", "is_active"]
    list_filter = ["market", "instrument", "is_active"]
    list_select_related = ["market", "instrument", "calendar"]
    autocomplete_fields = ["market", "instrument", "calendar"]


register_changes(Market, Listing)
