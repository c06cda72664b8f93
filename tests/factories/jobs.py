"""A job, and one schedule of each kind."""

from datetime import UTC, datetime
from decimal import Decimal

from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule


def make_jobs() -> PeriodicTask:
    """Every seven days; nothing runs it in tests."""
    CrontabSchedule.objects.create(minute="7")
    SolarSchedule.objects.create(event="sunrise", latitude=Decimal("51.5"), longitude=Decimal("-0.1"))
    ClockedSchedule.objects.create(clocked_time=datetime(2030, 1, 1, tzinfo=UTC))
    interval = IntervalSchedule.objects.create(every=7, period=IntervalSchedule.DAYS)
    job: PeriodicTask = PeriodicTask.objects.create(name="A job", task="a.task", interval=interval)
    return job
