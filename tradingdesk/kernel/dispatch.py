"""What leaves the process leaves after commit, and never decides anything: a task is a nudge, a message is a hint.

If Redis is away both are lost with a warning in the log; the rows they speak of are found by polls and sweeps.
"""

import json
from collections.abc import Mapping
from functools import cache, partial
from typing import Any

import redis
import structlog
from celery import current_app
from django.conf import settings
from django.db import transaction

log = structlog.get_logger(__name__)

MARKET_CHANNEL = "desk:market:{}"
ACCOUNT_CHANNEL = "desk:account:{}"


@cache
def client() -> redis.Redis:
    """One pooled connection per process; short timeouts, because nobody waits for a hint."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)


def publish(messages: Mapping[str, Any]) -> None:
    """Sends {channel: JSON-ready payload} in one round trip; outside transactions only."""
    try:
        pipe = client().pipeline(transaction=False)
        for channel, payload in messages.items():
            pipe.publish(channel, payload if isinstance(payload, str) else json.dumps(payload))
        pipe.execute()
    except redis.RedisError as error:
        log.warning("hint lost", channels=len(messages), error=str(error))


def publish_on_commit(messages: Mapping[str, Any]) -> None:
    """Publishes once the running transaction has committed, or not at all."""
    if messages:
        transaction.on_commit(partial(publish, dict(messages)), robust=True)


def notify_accounts_on_commit(versions: Mapping[int, int]) -> None:
    """Tells whoever watches an account that it now stands at this version: {account id: version}."""
    publish_on_commit({ACCOUNT_CHANNEL.format(a): {"type": "account", "account": a, "version": v} for a, v in versions.items()})


def enqueue_on_commit(task_name: str, *args: Any) -> None:
    """Nudges a Celery task by name once the running transaction has committed."""
    transaction.on_commit(partial(_send_task, task_name, args), robust=True)


def _send_task(task_name: str, args: tuple[Any, ...]) -> None:
    current_app.send_task(task_name, args=args, retry=False, ignore_result=True)
