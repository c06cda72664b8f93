"""The jobs on a clock, from `tradingdesk.schedules`: created where absent, never overwritten."""

from datetime import time
from typing import Any

from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from tradingdesk.schedules import SCHEDULES

DAY_SECONDS = 24 * 3600


def jobs() -> None:
    """A job that waits for longer than its own period expires instead of queueing up."""
    for schedule in SCHEDULES:
        if not PeriodicTask.objects.filter(name=schedule["name"]).exists():
            PeriodicTask.objects.create(name=schedule["name"], task=schedule["task"], queue=schedule["queue"], **_when(schedule))


def _when(schedule: dict[str, Any]) -> dict[str, Any]:
    if "daily_at" in schedule:
        at = time.fromisoformat(schedule["daily_at"])
        crontab, _ = CrontabSchedule.objects.get_or_create(
            minute=at.minute, hour=at.hour, day_of_week="*", day_of_month="*", month_of_year="*", timezone="UTC"
        )
        return {"crontab": crontab, "expire_seconds": DAY_SECONDS}
    seconds = schedule["every_seconds"]
    interval, _ = IntervalSchedule.objects.get_or_create(every=seconds, period=IntervalSchedule.SECONDS)
    return {"interval": interval, "expire_seconds": seconds}
