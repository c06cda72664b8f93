"""What belongs to the desk as a whole: jobs on a clock, and who did what in the admin."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.forms import ModelForm
from django.http import HttpRequest
from django_celery_beat.admin import PeriodicTaskAdmin as BeatPeriodicTaskAdmin
from django_celery_beat.admin import PeriodicTaskForm, TaskSelectWidget
from django_celery_beat.models import PeriodicTask
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from tradingdesk.desk.models import SCHEDULES
from tradingdesk.kernel.admin import HistoriedAdmin, LogAdmin, register_changes

admin.site.index_title = "Back office"
for _model in (PeriodicTask, *SCHEDULES):
    admin.site.unregister(_model)


class TaskSelect(UnfoldAdminSelectWidget, TaskSelectWidget):
    """The names of the registered tasks, in the theme's clothes."""


class JobForm(PeriodicTaskForm):
    """django-celery-beat's own form with the theme's widgets."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = TaskSelect()


@admin.register(PeriodicTask)
class JobAdmin(BeatPeriodicTaskAdmin, HistoriedAdmin):
    """Seeded once from `tradingdesk.schedules`; what is changed here stays. A job is switched off, never deleted."""

    form = JobForm
    list_display = ["name", "task", "when", "queue", "enabled", "last_run_at", "total_run_count"]
    list_filter = ["enabled", "queue"]
    list_select_related = ["interval", "crontab", "solar", "clocked"]
    search_fields = ["name", "task"]
    readonly_fields = ["last_run_at", "crontab_translation"]
    actions = ["enable_tasks", "disable_tasks", "run_tasks"]

    @admin.display(description="when")
    def when(self, obj: PeriodicTask) -> str:
        return obj.crontab.human_readable if obj.crontab else str(obj.interval or obj.solar or obj.clocked or "–")

    @admin.display(description="crontab in words")
    def crontab_translation(self, obj: PeriodicTask) -> str:
        return obj.crontab.human_readable if obj.crontab else "–"

    def save_model(self, request: HttpRequest, obj: PeriodicTask, form: ModelForm, change: bool) -> None:
        """All of it: the form takes the task's name from a field of its own."""
        obj.save()


class ScheduleAdmin(HistoriedAdmin):
    """When jobs run; shared by those that name it."""


for _model in SCHEDULES:
    admin.site.register(_model, ScheduleAdmin)
register_changes(PeriodicTask, *SCHEDULES)


@admin.register(LogEntry)
class LogEntryAdmin(LogAdmin):
    """What was done through the admin's own forms; services leave their own records."""

    list_display = ["action_time", "user", "content_type", "object_repr", "action_flag", "change_message"]
    list_filter = ["action_flag", "content_type"]
    list_select_related = ["user", "content_type"]
    search_fields = ["object_repr", "user__username__startswith"]
    badges = {"action_flag": {1: "success", 2: "info", 3: "danger"}}

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("admin.view_logentry")
