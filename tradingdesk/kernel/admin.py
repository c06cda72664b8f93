"""Admin bases. Money, status and logs are read-only, without add or delete; history pages answer GET alone.

django-simple-history's form view saves on POST before it asks for any permission; hiding its button is not enough, so the method is refused here. Django's
own pages take any method that is not POST for a GET: here they answer the methods they mean, and 405 to the others.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import wraps
from typing import Any, ClassVar, TypeVar

from django.contrib import admin, messages
from django.contrib.admin.views.main import ERROR_FLAG
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import reverse
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin, TabularInline
from unfold.paginator import InfinitePaginator

from tradingdesk.kernel.admin_columns import EMPTY, HISTORY_TYPES, column, link
from tradingdesk.kernel.admin_forms import RowChoice, RowsChoice
from tradingdesk.kernel.attribution import attributed
from tradingdesk.kernel.errors import DeskError

READ = ("GET", "HEAD")
READ_AND_POST = (*READ, "POST")
ROW_COLUMNS = 2  # of a read-only page
REASON_LETTERS = 200  # of a change in the admin: a sentence or two
R = TypeVar("R")


View = Callable[..., HttpResponse]


def answers(*methods: str) -> Callable[[View], View]:
    """The methods an admin view answers; 405 to any other, whoever asks."""

    def decorate(view: View) -> View:
        @wraps(view)
        def run(self: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            return view(self, request, *args, **kwargs) if request.method in methods else HttpResponseNotAllowed(methods)

        return run

    return decorate


class DeskModelAdmin(ModelAdmin):
    """Base of every admin page of ours: figures line up, `badges[field]` colours states, filters open on demand, nothing is deleted."""

    badges: ClassVar[Mapping[str, Mapping[Any, str]]] = {}
    list_per_page = 50
    show_full_result_count = False
    list_filter_submit = True
    compressed_fields = True
    warn_unsaved_form = True

    @answers(*READ_AND_POST)
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The list; a query that holds NUL, which no column can, is answered like any other lookup that makes no sense."""
        if any("\x00" in value for values in request.GET.lists() for value in values[1]):
            return HttpResponseRedirect(f"{request.path}?{ERROR_FLAG}=1")
        return super().changelist_view(request, extra_context)

    @answers(*READ_AND_POST)
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """One row's page, or that of a new one."""
        return super().changeform_view(request, *args, **kwargs)

    @answers(*READ)
    def history_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Every version, newest first."""
        return super().history_view(request, *args, **kwargs)

    def get_list_display(self, request: HttpRequest) -> Any:
        return [column(self.model, name, self.badges) for name in super().get_list_display(request)]

    def readonly_names(self, request: HttpRequest, obj: Any = None) -> Iterable[Any]:
        """Fields that this person cannot change on this page; what `get_readonly_fields` is elsewhere."""
        return self.readonly_fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [column(self.model, name, self.badges, detail=True) for name in self.readonly_names(request, obj)]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Fields that are read-only stand in the fieldsets as their columns."""
        shown = set(self.get_readonly_fields(request, obj))
        return [(title, {**options, "fields": self._as_shown(options["fields"], shown)}) for title, options in super().get_fieldsets(request, obj)]

    def _as_shown(self, names: Iterable[Any], shown: Collection[Any]) -> list[Any]:
        return [self._as_shown(name, shown) if isinstance(name, (list, tuple)) else self._one_as_shown(name, shown) for name in names]

    def _one_as_shown(self, name: Any, shown: Collection[Any]) -> Any:
        shape = column(self.model, name, self.badges, detail=True)
        return shape if shape in shown else name

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Actions change rows: whoever may only look has none."""
        return super().get_actions(request) if self.has_change_permission(request) else {}

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_foreignkey(db_field, request, **{"form_class": RowChoice, **kwargs})

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_manytomany(db_field, request, **{"form_class": RowsChoice, **kwargs})

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class HistoriedAdmin(SimpleHistoryAdmin, DeskModelAdmin):
    """What people configure: editable by those who may, each change with who, when and why.

    Configuration is switched off or dated, never deleted: old days refer to it.
    """

    object_history_list_template = "admin/history.html"
    change_form_after_template = "admin/change_reason.html"

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """What the form changes, in inlines and links too, is changed for the reason given with it."""
        with attributed(reason=given_reason(request)):
            return super().changeform_view(request, *args, **kwargs)

    @answers(*READ)
    def history_form_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The past is looked at, never restored."""
        return super().history_form_view(request, *args, **kwargs)

    @answers(*READ)
    def history_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Every version, newest first."""
        return super().history_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Model, form: ModelForm, change: bool) -> None:
        """Writes what the form changed and nothing else: columns that services move meanwhile stay theirs."""
        changed = [f.name for f in obj._meta.concrete_fields if f.name in form.changed_data]
        if not change:
            obj.save()
        elif changed:
            obj.save(update_fields=changed)


def given_reason(request: HttpRequest) -> str:
    """What stands in the form's field of that name, without what no column can hold."""
    return request.POST.get("change_reason", "").replace("\x00", "").strip()[:REASON_LETTERS]


class KeptInline(TabularInline):
    """Rows that belong to a page: added and changed there, never deleted."""

    extra = 0
    can_delete = False


class ReadOnlyAdmin(DeskModelAdmin):
    """Money, orders and logs: everything shown, nothing changed. Services change them."""

    actions: ClassVar[Any] = None
    show_facets = admin.ShowFacets.NEVER
    warn_unsaved_form = False
    timeline = ""  # where on its own page a row says what happened to it

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return list(self.fields or [f.name for f in self.model._meta.fields])

    def readonly_names(self, request: HttpRequest, obj: Any = None) -> Iterable[Any]:
        return self.get_fields(request, obj)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return [(None, {"fields": list(in_rows(self.model, self.get_readonly_fields(request, obj)))})]

    @answers(*READ)
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The list."""
        return super().changelist_view(request, extra_context)

    @answers(*READ)
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """One row's page."""
        return super().changeform_view(request, *args, **kwargs)

    @answers(*READ)
    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """These rows have no history but themselves: the row's own page, where it says what happened."""
        page = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[object_id])
        return HttpResponseRedirect(page + (f"#{self.timeline}" if self.timeline else ""))

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Without the History button."""
        return super().change_view(request, object_id, form_url, {"show_history": False, **(extra_context or {})})


def in_rows(model: type[Model], shapes: Iterable[Any]) -> Iterator[Any]:
    """Columns of a page, ROW_COLUMNS abreast; JSON has a row to itself, at the end."""
    row: list[Any] = []
    wide = []
    for shape in shapes:
        if getattr(shape, "wide", False):
            wide.append(shape)
            continue
        row.append(shape)
        if len(row) == ROW_COLUMNS:
            yield tuple(row)
            row = []
    if row:
        yield tuple(row)
    yield from wide


class LogAdmin(ReadOnlyAdmin):
    """Tables of millions of rows: pages without a count."""

    paginator = InfinitePaginator


class ChangesAdmin(LogAdmin):
    """All changes of one kind of configuration, over all its rows: who, when, why. Seen by whoever may see the configuration itself."""

    badges: ClassVar[Any] = {"history_type": HISTORY_TYPES}
    list_display: ClassVar[Any] = ["history_date", "history_type", "record", "who", "history_change_reason", "history_request_id"]
    list_filter: ClassVar[Any] = ["history_type"]
    search_fields: ClassVar[Any] = ["history_request_id__exact"]
    search_help_text = "A request's id, whole"
    ordering: ClassVar[Any] = ["-history_date", "-history_id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        related = [f.name for f in self.model.tracked_fields if f.is_relation]
        return super().get_queryset(request).select_related("history_user", *related)

    @admin.display(description="what")
    def record(self, row: Any) -> str:
        """The row's own name as it was then; simple-history's `instance` would ask the database for each."""
        then = row.instance_type(**{f.name: getattr(row, f.name) for f in row.tracked_fields})
        return str(then)

    @admin.display(description="who", ordering="history_user")
    def who(self, row: Any) -> str:
        """The person; where there is none, what PostgreSQL knows of the writer."""
        return link(row.history_user) if row.history_user else row.origin or EMPTY

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        tracked = self.model.instance_type._meta
        return request.user.has_perm(f"{tracked.app_label}.view_{tracked.model_name}")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)


def register_changes(*models: type[Model]) -> None:
    """Gives the history of each model a list of its own."""
    for model in models:
        admin.site.register(model.history.model, ChangesAdmin)  # type: ignore[attr-defined]


def run_with_message(request: HttpRequest, success: str, service: Callable[[], R]) -> R | None:
    """Calls one service for an admin view; a refusal becomes a message with its code, never a 500."""
    try:
        result = service()
    except DeskError as error:
        messages.error(request, f"{error.reason_code}: {error.message}")
        return None
    messages.success(request, success)
    return result
