"""The scheduler of jobs over a clock that was set back."""

from datetime import timedelta
from typing import Any

import pytest
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler

from tradingdesk.beat import SteadyScheduler
from tradingdesk.celery import app
from tradingdesk.desk.demo.jobs import jobs
from tradingdesk.kernel import clock

HOUR = timedelta(hours=1)


@pytest.fixture
def ran_in_the_future(own_database: Any) -> None:
    """Every job has run an hour from now: what the table says after the clock was set back by an hour."""
    jobs()
    PeriodicTask.objects.update(last_run_at=clock.now() + HOUR)


def seconds_until(scheduler: Any) -> dict[str, float]:
    """Until each of our jobs that come again and again is due, by name; those at a time of day are the calendar's."""
    scheduler.tick()
    return {name: entry.is_due().next for name, entry in scheduler.schedule.items() if name in periods()}


def periods() -> dict[str, int]:
    """Of our jobs, in seconds, by name."""
    tasks = PeriodicTask.objects.filter(interval__isnull=False).select_related("interval")
    return {task.name: task.interval.every for task in tasks}


@pytest.mark.usefixtures("ran_in_the_future")
def test_the_control_without_ours_jobs_wait_for_as_long_as_the_clock_was_set_back() -> None:
    assert min(seconds_until(DatabaseScheduler(app=app)).values()) > 3_500


@pytest.mark.usefixtures("ran_in_the_future")
def test_jobs_go_on_at_their_own_pace() -> None:
    scheduler = SteadyScheduler(app=app)
    due = seconds_until(scheduler)
    assert due.keys() == periods().keys()
    assert all(due[name] <= seconds for name, seconds in periods().items())
    first = min((event for event in scheduler._heap if event.entry.name in due), key=lambda event: event.time)
    assert first.entry.name == min(periods(), key=periods().__getitem__)


def test_that_a_job_ran_is_no_change_of_it(db: None) -> None:
    jobs()
    before = PeriodicTask.history.count()
    PeriodicTask.objects.update(last_run_at=clock.now(), total_run_count=1)
    assert PeriodicTask.history.count() == before == PeriodicTask.objects.count()
    PeriodicTask.objects.update(enabled=False)
    assert PeriodicTask.history.filter(history_type="~", enabled=False).count() == PeriodicTask.objects.count()
