"""The history of the jobs on a clock, whose own tables are django-celery-beat's: who switched which off, when and why. When a job last ran is no change."""

from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule
from simple_history import register

from tradingdesk.kernel.history import History

SCHEDULES = (ClockedSchedule, CrontabSchedule, IntervalSchedule, SolarSchedule)
RUNNING = ("last_run_at", "total_run_count", "date_changed")  # what beat writes at every run

register(PeriodicTask, app=__package__, records_class=History, excluded_fields=RUNNING)
for _schedule in SCHEDULES:
    register(_schedule, app=__package__, records_class=History)
