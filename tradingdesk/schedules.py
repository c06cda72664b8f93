"""The jobs on a clock: seeded into django-celery-beat once, editable there ever after. Seeding never overwrites an operator's edit.

A job is due every so many seconds, or daily at a time of day (UTC). One that has waited for its own period expires instead of queueing up. A slow one may
still run when the next begins, so each service stands a second one beside it: settlement and verification refuse by an advisory lock, the margin sweep looks
again under the account's lock, partitions are made where they are absent.
"""

from typing import Any

SCHEDULES: list[dict[str, Any]] = [
    {
        "name": "Settle markets whose trading day is over",
        "task": "settlement.tasks.settle_due_markets",
        "every_seconds": 30,
        "queue": "settlement",
    },
    {
        "name": "Watch margins",
        "task": "risk.tasks.watch_margins",
        "every_seconds": 5,
        "queue": "sweeps",
    },
    {
        "name": "Prepare tick partitions of the coming days",
        "task": "quotes.tasks.prepare_partitions",
        "every_seconds": 3600,
        "queue": "default",
    },
    {
        "name": "Verify the books",
        "task": "settlement.tasks.verify_books",
        "daily_at": "02:30",
        "queue": "settlement",
    },
]
