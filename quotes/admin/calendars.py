"""Session calendars with their windows and holidays."""

from django.contrib import admin

from quotes.models import Holiday, SessionCalendar, SessionWindow
from tradingdesk.kernel.admin import HistoriedAdmin, KeptInline, register_changes


class SessionWindowInline(KeptInline):
    model = SessionWindow


class HolidayInline(KeptInline):
    model = Holiday


@admin.register(SessionCalendar)
class SessionCalendarAdmin(HistoriedAdmin):
    list_display = ["code", "name", "timezone", "rolls_at", "trading_weekdays"]
    search_fields = ["code", "name"]
    ordering = ["code"]
    inlines = [SessionWindowInline, HolidayInline]


@admin.register(SessionWindow)
class SessionWindowAdmin(HistoriedAdmin):
    list_display = ["__str__", "calendar", "weekday", "opens_at", "closes_at"]
    list_filter = ["calendar", "weekday"]
    list_select_related = ["calendar"]


@admin.register(Holiday)
class HolidayAdmin(HistoriedAdmin):
    list_display = ["day", "name", "calendar"]
    list_filter = ["calendar"]
    list_select_related = ["calendar"]
    search_fields = ["name"]


register_changes(SessionCalendar, SessionWindow, Holiday)
