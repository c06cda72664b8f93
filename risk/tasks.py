"""Jobs on a clock."""

from celery import shared_task

from risk.services.monitoring import sweep


@shared_task
def watch_margins() -> int:
    """The safety net under the market process: every account with positions or in the red, from the database alone."""
    return sweep()
