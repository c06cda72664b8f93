"""Prices: written by the market process and by settlement, looked at here."""

from django.contrib import admin
from unfold.contrib.filters.admin import RangeDateFilter

from quotes.models import Bar, LatestQuote, SettlementPrice, TickImport
from tradingdesk.kernel.admin import LogAdmin, ReadOnlyAdmin


@admin.register(LatestQuote)
class LatestQuoteAdmin(ReadOnlyAdmin):
    list_display = [
        "id",
        "market",
        "instrument",
        "bid",
        "ask",
        "last",
        "day_volume",
        "time",
        "received_at",
        "trading_day",
        "last_seq",
        "evaluated_seq",
        "source",
    ]
    list_filter = ["market", "instrument"]
    list_select_related = ["market", "instrument"]
    ordering = ["market__code", "instrument__symbol"]


@admin.register(Bar)
class BarAdmin(LogAdmin):
    list_display = [
        "start",
        "market",
        "instrument",
        "bid_open",
        "bid_high",
        "bid_low",
        "bid_close",
        "ask_open",
        "ask_high",
        "ask_low",
        "ask_close",
        "ticks",
    ]
    list_filter = ["market", "instrument", ("trading_day", RangeDateFilter)]
    list_select_related = ["market", "instrument"]
    ordering = ["-id"]


@admin.register(SettlementPrice)
class SettlementPriceAdmin(ReadOnlyAdmin):
    list_display = ["trading_day", "market", "instrument", "price", "method", "tick_seq", "fixed_at"]
    list_filter = ["market", "instrument", "method"]
    list_select_related = ["market", "instrument"]
    date_hierarchy = "trading_day"


@admin.register(TickImport)
class TickImportAdmin(ReadOnlyAdmin):
    list_display = ["file_name", "market", "instrument", "ticks", "flagged", "first_seq", "imported_at"]
    list_filter = ["market", "instrument"]
    list_select_related = ["market", "instrument"]
    search_fields = ["file_name", "sha256__startswith"]
