"""Verifications of the books, and the breaks they found: looked at here, never repaired."""

from types import MappingProxyType
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter, RangeDateFilter

from settlement.breaks import object_of, sentence_of
from settlement.enums import VerificationSource
from settlement.models import Break, Verification
from tradingdesk.kernel.admin import LogAdmin
from tradingdesk.kernel.admin_columns import badge, figure, link
from tradingdesk.kernel.templatetags import desk

SOURCE_COLOURS = MappingProxyType({VerificationSource.SCHEDULE: "info", VerificationSource.COMMAND: ""})
OPEN, GONE = "open", "gone"
STATE_COLOURS = MappingProxyType({OPEN: "danger", GONE: "success"})


class StateFilter(admin.SimpleListFilter):
    """Open, or gone since a verification did not find it any more."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(OPEN, "Open"), (GONE, "Gone")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Break]) -> QuerySet[Break]:
        return queryset.filter(gone_at__isnull=self.value() == OPEN) if self.value() in STATE_COLOURS else queryset


@admin.register(Break)
class BreakAdmin(LogAdmin):
    """A difference stays open until a verification does not find it any more; what is to be done about it is decided by people."""

    list_display = ["id", "state", "kind", "sentence", "account", "market", "figure_off", "first_found_at", "last_found_at"]
    list_filter = [StateFilter, "market", ("kind", ChoicesDropdownFilter), ("account", AutocompleteSelectFilter), ("first_found_at", RangeDateFilter)]
    list_select_related = ["account", "market"]
    search_fields = ["account__number__startswith", "object_id__exact"]
    fields: ClassVar[Any] = [
        "state",
        "kind",
        "sentence",
        "about",
        "account",
        "market",
        "part",
        "figure_off",
        "first_found_at",
        "last_found_at",
        "gone_at",
        "first_verification",
        "last_verification",
    ]

    @admin.display(description="state", ordering="gone_at")
    def state(self, one: Break) -> str:
        value = OPEN if one.gone_at is None else GONE
        return badge(value, value.capitalize(), STATE_COLOURS)

    @admin.display(description="what differs")
    def sentence(self, one: Break) -> str:
        return sentence_of(one)

    @admin.display(description="about")
    def about(self, one: Break) -> str:
        return link(object_of(one))

    @admin.display(description="difference", ordering="difference")
    def figure_off(self, one: Break) -> str:
        return "–" if one.difference is None else figure(desk.figure(one.difference), negative=one.difference < 0)


@admin.register(Verification)
class VerificationAdmin(LogAdmin):
    list_display = ["started_at", "everything", "source", "actor", "found", "new", "gone", "rows", "took"]
    list_filter = ["market", "source", ("started_at", RangeDateFilter)]
    list_select_related = ["market", "actor"]
    badges = {"source": SOURCE_COLOURS}
    fields: ClassVar[Any] = ["started_at", "took", "everything", "source", "actor", "found", "new", "gone", "rows", "rows_by_table"]

    @admin.display(description="market", ordering="market")
    def everything(self, verification: Verification) -> str:
        return link(verification.market) if verification.market else "All markets"

    @admin.display(description="took")
    def took(self, verification: Verification) -> str:
        return f"{verification.duration.total_seconds():.1f} s"
