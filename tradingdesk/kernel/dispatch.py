"""What leaves the process leaves after commit, and never decides anything: a message is a hint.

If Redis is away hints are lost, with a warning in the log; the rows they speak of are found by polls and sweeps.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, partial
from time import monotonic
from typing import Any

import redis
import structlog
from django.conf import settings
from django.db import transaction

log = structlog.get_logger(__name__)

MARKET_CHANNEL = "desk:market:{}"
ACCOUNT_CHANNEL = "desk:account:{}"
RETRY_SECONDS = 1.0


@cache
def client() -> redis.Redis:
    """One pooled connection per process; short timeouts, because nobody waits for a hint."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)


class Outage:
    """Redis away is said once, and once more when it is back: not with every tick. Meanwhile it is tried once a second, so that nobody waits for it."""

    lost = 0
    try_again_at = 0.0

    def is_on(self) -> bool:
        return self.lost > 0 and monotonic() < self.try_again_at

    def lose(self, messages: int, error: Exception | None = None) -> None:
        if not self.lost:
            log.warning("hints are lost, Redis is away", error=str(error))
        if error is not None:
            self.try_again_at = monotonic() + RETRY_SECONDS
        self.lost += messages

    def end(self) -> None:
        if self.lost:
            log.warning("hints go out again", lost=self.lost)
            self.lost = 0


_outage = Outage()
_muted: ContextVar[bool] = ContextVar("desk_muted", default=False)


@contextmanager
def muted() -> Iterator[None]:
    """Nothing is sent within the block: what happens in a database of its own, with ids of its own, concerns nobody who listens."""
    token = _muted.set(True)
    try:
        yield
    finally:
        _muted.reset(token)


def publish(messages: Mapping[str, Any]) -> None:
    """Sends {channel: JSON-ready payload} in one round trip; outside transactions only. Never raises: a hint may be lost."""
    if _muted.get():
        return
    if _outage.is_on():
        _outage.lose(len(messages))
        return
    try:
        pipe = client().pipeline(transaction=False)
        for channel, payload in messages.items():
            pipe.publish(channel, payload if isinstance(payload, str) else json.dumps(payload))
        pipe.execute()
    except redis.RedisError as error:
        _outage.lose(len(messages), error)
    else:
        _outage.end()


def publish_on_commit(messages: Mapping[str, Any]) -> None:
    """Publishes once the running transaction has committed, or not at all."""
    if messages:
        transaction.on_commit(partial(publish, dict(messages)), robust=True)


def notify_accounts_on_commit(versions: Mapping[int, int]) -> None:
    """Tells whoever watches an account that it now stands at this version: {account id: version}."""
    publish_on_commit({ACCOUNT_CHANNEL.format(a): {"type": "account", "account": a, "version": v} for a, v in versions.items()})
