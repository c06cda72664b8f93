"""Markets and what is listed in them."""

from collections.abc import Iterable
from types import MappingProxyType
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from quotes.admin.forms import ListingForm
from quotes.enums import MarketKind
from quotes.feeds.registry import FEEDS
from quotes.models import Listing, Market
from tradingdesk.kernel.admin import HistoriedAdmin, KeptInline, register_changes

KIND_COLOURS = MappingProxyType({MarketKind.LIVE: "danger", MarketKind.DEMO: "info", MarketKind.TRAINING: "success"})


class MarketForm(forms.ModelForm):
    """Refuses a feed that nobody knows; what its options mean is the feed's to say when it starts."""

    def clean_feed(self) -> str:
        feed: str = self.cleaned_data["feed"]
        if feed and feed not in FEEDS:
            raise forms.ValidationError(f"There is no feed {feed}; known are {', '.join(sorted(FEEDS))}.")
        return feed

    def clean_feed_options(self) -> dict[str, Any]:
        options = self.cleaned_data["feed_options"]
        if not isinstance(options, dict):
            raise forms.ValidationError("Options are a JSON object: names and values.")
        return options


class ListingInline(KeptInline):
    model = Listing
    form = ListingForm
    autocomplete_fields = ["instrument"]


@admin.register(Market)
class MarketAdmin(HistoriedAdmin):
    list_display = ["code", "name", "kind", "clock", "feed", "is_active", "settles_automatically", "priced_through"]
    list_filter = ["kind", "is_active"]
    search_fields = ["code", "name"]
    form = MarketForm
    badges = {"kind": KIND_COLOURS}
    fieldsets = [
        (None, {"fields": [("code", "name"), ("kind", "clock"), "is_active"]}),
        ("Feed", {"fields": ["feed", "feed_options"]}),
        ("Settlement", {"fields": [("settles_automatically", "priced_through")]}),
    ]
    inlines = [ListingInline]

    def readonly_names(self, request: HttpRequest, obj: Any = None) -> Iterable[str]:
        """What a market is, is decided once: its books and its prices rest on it."""
        return ("priced_through",) if obj is None else ("code", "kind", "clock", "priced_through")


@admin.register(Listing)
class ListingAdmin(HistoriedAdmin):
    form = ListingForm
    list_display = ["__str__", "market", "instrument", "calendar", "max_quote_age_seconds", "max_jump_rate", "quote_quantity", "is_active"]
    list_filter = ["market", "instrument", "is_active"]
    list_select_related = ["market", "instrument", "calendar"]
    autocomplete_fields = ["market", "instrument", "calendar"]

    def readonly_names(self, request: HttpRequest, obj: Any = None) -> Iterable[str]:
        """Another instrument or market is another listing."""
        return () if obj is None else ("market", "instrument")


register_changes(Market, Listing)
