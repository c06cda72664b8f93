"""Hints leave after commit or not at all, and nobody fails for want of Redis."""

from collections.abc import Iterator

import pytest
import redis
from django.db import transaction
from structlog.testing import capture_logs

from tests.factories.desk import Desk, order
from tradingdesk.kernel import dispatch

pytestmark = pytest.mark.django_db
NOBODY = "redis://127.0.0.1:1/0"  # port 1 refuses at once


@pytest.fixture
def without_redis(settings: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Redis is away; yields where it really is."""
    dispatch.client.cache_clear()
    monkeypatch.setattr(dispatch, "_outage", dispatch.Outage())
    where = settings.REDIS_URL  # type: ignore[attr-defined]
    settings.REDIS_URL = NOBODY  # type: ignore[attr-defined]
    yield where
    dispatch.client.cache_clear()


@pytest.fixture
def heard(settings: object) -> Iterator[redis.client.PubSub]:
    """A subscriber to an account's and a market's channel."""
    listener = dispatch.client().pubsub(ignore_subscribe_messages=True)
    listener.psubscribe("desk:test:*", "desk:account:*")
    listener.get_message(timeout=1)
    listener.get_message(timeout=1)
    yield listener
    listener.close()


def messages(listener: redis.client.PubSub) -> list[tuple[str, str]]:
    found = []
    while (message := listener.get_message(timeout=0.3)) is not None:
        found.append((message["channel"].decode(), message["data"].decode()))
    return found


def test_without_redis_there_is_one_warning_and_one_more_when_it_is_back(settings: object, without_redis: str) -> None:
    with capture_logs() as logs:
        for _ in range(3):
            dispatch.publish({"desk:test:1": {"a": 1}})
        settings.REDIS_URL = without_redis  # type: ignore[attr-defined]
        dispatch.client.cache_clear()
        dispatch._outage.try_again_at = 0.0  # the second is over
        dispatch.publish({"desk:test:1": {"a": 4}})
    assert [line["event"] for line in logs] == ["hints are lost, Redis is away", "hints go out again"]
    assert logs[1]["lost"] == 3


def test_without_redis_orders_are_placed_all_the_same(desk: Desk, without_redis: str, django_capture_on_commit_callbacks: object) -> None:
    account = desk.account()
    with capture_logs() as logs, django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        outcome = desk.buy(account)
    assert order(outcome).status == "FILLED"
    assert [line["event"] for line in logs] == ["hints are lost, Redis is away"]


def test_a_message_arrives_as_json_and_text_as_it_is(heard: redis.client.PubSub) -> None:
    dispatch.publish({"desk:test:1": {"bid": "2000.5"}, "desk:test:2": "ready made"})
    assert messages(heard) == [("desk:test:1", '{"bid": "2000.5"}'), ("desk:test:2", "ready made")]


def test_nothing_is_sent_before_commit_nor_after_a_rollback(heard: redis.client.PubSub, django_capture_on_commit_callbacks: object) -> None:
    with django_capture_on_commit_callbacks(execute=False) as callbacks, transaction.atomic():  # type: ignore[operator]
        dispatch.publish_on_commit({"desk:test:1": {"a": 1}})
        assert messages(heard) == []
    assert (len(callbacks), messages(heard)) == (1, [])
    callbacks[0]()
    assert messages(heard) == [("desk:test:1", '{"a": 1}')]
    with django_capture_on_commit_callbacks(execute=True) as callbacks:  # type: ignore[operator]
        dispatch.publish_on_commit({})
    assert callbacks == []


def test_whoever_watches_an_account_is_told_its_version(heard: redis.client.PubSub, django_capture_on_commit_callbacks: object) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        dispatch.notify_accounts_on_commit({-7: 12})
    assert ("desk:account:-7", '{"type": "account", "account": -7, "version": 12}') in messages(heard)
