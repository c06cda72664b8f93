"""Jobs on a clock of the market side."""

from celery import shared_task

from quotes.services import partitions


@shared_task
def prepare_partitions() -> None:
    """Makes today's tick partition and those of the coming days."""
    partitions.prepare()
