"""Admin bases. Money, status and logs are read-only, without add or delete; history pages answer GET alone.

django-simple-history's form view saves on POST before it asks for any permission; hiding its button is not enough, so the method is refused here.
"""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar, TypeVar

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin

from tradingdesk.kernel.errors import DeskError

SAFE_METHODS = ("GET", "HEAD")
R = TypeVar("R")


class DeskModelAdmin(ModelAdmin):
    """Base of every admin page of ours: no full counts on large tables, filters open on demand."""

    list_per_page = 50
    show_full_result_count = False
    list_filter_submit = True
    compressed_fields = True
    warn_unsaved_form = True


class HistoriedAdmin(SimpleHistoryAdmin, DeskModelAdmin):
    """What people configure: editable by those who may, each change with who, when and why."""

    def history_form_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The past is looked at, never restored."""
        if request.method not in SAFE_METHODS:
            return HttpResponseNotAllowed(SAFE_METHODS)
        return super().history_form_view(request, *args, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Configuration is switched off or dated, not deleted: old days refer to it."""
        return False


class ReadOnlyAdmin(DeskModelAdmin):
    """Money, orders and logs: everything shown, nothing changed. Services change them."""

    actions: ClassVar[Any] = None
    show_facets = admin.ShowFacets.NEVER

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Iterable[str]:
        return [f.name for f in self.model._meta.fields]


def run_with_message(request: HttpRequest, success: str, service: Callable[[], R]) -> R | None:
    """Calls one service for an admin view; a refusal becomes a message with its code, never a 500."""
    try:
        result = service()
    except DeskError as error:
        messages.error(request, f"{error.reason_code}: {error.message}")
        return None
    messages.success(request, success)
    return result
