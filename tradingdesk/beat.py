"""Celery beat's scheduler, over a clock that may be set back: its jobs go on at their own pace, rather than wait until the clock has caught up with itself."""

from typing import Any

import structlog
from django_celery_beat.schedulers import DatabaseScheduler

from tradingdesk.kernel import clock

log = structlog.get_logger(__name__)


class SteadyScheduler(DatabaseScheduler):
    """A job that ran in the future has run now: the next time is one period from here, for each of them."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """As celery.beat.Scheduler.tick; seconds until the next."""
        now = clock.now()
        ahead = [entry for entry in self.schedule.values() if entry.last_run_at > now]
        for entry in ahead:
            entry.last_run_at = entry.model.last_run_at = now
        if ahead:
            self._heap = None  # it is ordered by the times that were
            log.warning("the clock was set back; jobs are counted from now", jobs=len(ahead))
        seconds: float = super().tick(*args, **kwargs)
        return seconds
