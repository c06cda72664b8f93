"""The jobs on a clock, from `tradingdesk.schedules`: created where absent, never overwritten."""

from django_celery_beat.models import IntervalSchedule, PeriodicTask

from tradingdesk.schedules import SCHEDULES


def jobs() -> None:
    """A job that waits for longer than its own period expires instead of queueing up."""
    for schedule in SCHEDULES:
        if PeriodicTask.objects.filter(name=schedule["name"]).exists():
            continue
        seconds = schedule["every_seconds"]
        interval, _ = IntervalSchedule.objects.get_or_create(every=seconds, period=IntervalSchedule.SECONDS)
        PeriodicTask.objects.create(name=schedule["name"], task=schedule["task"], interval=interval, queue=schedule["queue"], expire_seconds=seconds)
