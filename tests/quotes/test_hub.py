"""The hub: everybody hears the same text, a slow client keeps the newest alone and delays nobody, lost connections are made anew."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest
import redis
from django.conf import settings
from redis.asyncio import Redis

from quotes.hub import RESYNC_FRAME, Hub, Subscriber, frame_key

CHANNEL, ACCOUNT = "desk:market:990001", "desk:account:990002"


def tick_text(seq: int, symbol: str = "XAUUSD") -> str:
    return json.dumps({"type": "tick", "instrument": symbol, "seq": seq})


def client() -> tuple[list[str], Subscriber]:
    heard: list[str] = []

    async def send(text: str) -> None:
        heard.append(text)

    return heard, Subscriber(send)


async def eventually(condition: Callable[[], Any], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  (what is waited for is no event of ours)
            await asyncio.sleep(0.005)


def run(test: Callable[[Hub, Redis], Awaitable[None]]) -> None:
    async def body() -> None:
        async with Redis.from_url(settings.REDIS_URL) as publisher:
            hub = Hub(settings.REDIS_URL)
            await test(hub, publisher)
            assert hub._task is None, "the last one out lets the connection go"

    asyncio.run(asyncio.wait_for(body(), 30))


def test_frames_reach_every_subscriber_of_the_channel_as_they_came() -> None:
    async def body(hub: Hub, publisher: Redis) -> None:
        clients = [client() for _ in range(5)]
        other_heard, other = client()
        for _, subscriber in clients:
            await hub.attach(subscriber, [CHANNEL])
            subscriber.start()
        await hub.attach(other, [ACCOUNT])
        other.start()
        await publisher.publish(CHANNEL, tick_text(1))
        await publisher.publish(ACCOUNT, '{"type": "account", "account": 990002, "version": 4}')
        await eventually(lambda: other_heard and all(heard for heard, _ in clients))
        assert [heard for heard, _ in clients] == [[tick_text(1)]] * 5
        assert len({id(heard[0]) for heard, _ in clients}) == 1  # one text, shared
        assert other_heard == ['{"type": "account", "account": 990002, "version": 4}']
        for _, subscriber in [*clients, (other_heard, other)]:
            await hub.detach(subscriber)
            await subscriber.stop()

    run(body)


def test_a_slow_client_keeps_the_newest_of_each_and_delays_nobody() -> None:
    async def body(hub: Hub, publisher: Redis) -> None:
        gate, slow_heard = asyncio.Event(), []

        async def slow_send(text: str) -> None:
            slow_heard.append(text)
            await gate.wait()

        slow = Subscriber(slow_send)
        quick_heard, quick = client()
        for subscriber in (slow, quick):
            await hub.attach(subscriber, [CHANNEL])
            subscriber.start()
        for seq in range(1, 301):
            await publisher.publish(CHANNEL, tick_text(seq))
            await publisher.publish(CHANNEL, tick_text(seq, "XAGUSD"))
        await eventually(lambda: quick_heard[-1:] == [tick_text(300, "XAGUSD")])
        assert len(slow._waiting) <= 2  # nothing piles up
        gate.set()
        await eventually(lambda: len(slow_heard) >= 3)
        assert set(slow_heard[1:]) == {tick_text(300), tick_text(300, "XAGUSD")}
        assert len(slow_heard) == 3
        for subscriber in (slow, quick):
            await hub.detach(subscriber)
            await subscriber.stop()

    run(body)


def test_a_snapshot_gives_way_to_what_was_heard_meanwhile() -> None:
    async def body(hub: Hub, publisher: Redis) -> None:
        heard, subscriber = client()
        await hub.attach(subscriber, [CHANNEL])
        await publisher.publish(CHANNEL, tick_text(9))
        await eventually(lambda: subscriber._waiting)
        for symbol in ("XAUUSD", "XAGUSD"):
            subscriber.offer(("tick", symbol), tick_text(8, symbol), 8)
        subscriber.start()
        await eventually(lambda: len(heard) == 2)
        assert heard == [tick_text(9), tick_text(8, "XAGUSD")]
        await hub.detach(subscriber)
        await subscriber.stop()

    run(body)


def account_text(version: int) -> str:
    return json.dumps({"type": "account", "account": 990002, "version": version})


def test_messages_that_come_late_or_twice_lead_nobody_back() -> None:
    async def body(hub: Hub, publisher: Redis) -> None:
        heard, subscriber = client()
        await hub.attach(subscriber, [CHANNEL, ACCOUNT])
        subscriber.start()
        for text in (tick_text(7), tick_text(9), tick_text(8), tick_text(9), tick_text(3, "XAGUSD")):
            await publisher.publish(CHANNEL, text)
            await asyncio.sleep(0.02)
        for version in (4, 6, 5, 6):
            await publisher.publish(ACCOUNT, account_text(version))
            await asyncio.sleep(0.02)
        await publisher.publish(CHANNEL, tick_text(10))
        await eventually(lambda: tick_text(10) in heard)
        assert heard == [
            *(tick_text(7), tick_text(9), tick_text(3, "XAGUSD")),
            *(account_text(4), account_text(6), account_text(6)),  # the same version again may tell of more than money: a margin call
            tick_text(10),
        ]
        await hub.detach(subscriber)
        await subscriber.stop()

    run(body)


def test_a_late_message_does_not_take_the_place_of_a_newer_snapshot() -> None:
    async def body(hub: Hub, publisher: Redis) -> None:
        heard, subscriber = client()
        await hub.attach(subscriber, [CHANNEL])
        await publisher.publish(CHANNEL, tick_text(7))
        await eventually(lambda: subscriber._waiting)
        subscriber.offer(("tick", "XAUUSD"), tick_text(8), 8)
        subscriber.start()
        await eventually(lambda: heard)
        assert heard == [tick_text(8)]
        await hub.detach(subscriber)
        await subscriber.stop()

    run(body)


def test_a_lost_connection_is_made_anew_and_clients_are_told() -> None:
    async def body(_: Hub, publisher: Redis) -> None:
        name = f"hub-{uuid4().hex}"
        hub = Hub(f"{settings.REDIS_URL}?client_name={name}")
        heard, subscriber = client()
        await hub.attach(subscriber, [CHANNEL])
        subscriber.start()
        (connection,) = [c for c in await publisher.client_list() if c["name"] == name]
        await publisher.client_kill_filter(_id=connection["id"])
        await eventually(lambda: RESYNC_FRAME in heard)
        await eventually_published(publisher, tick_text(2), heard)
        await hub.detach(subscriber)
        await subscriber.stop()

    run(body)


async def eventually_published(publisher: Redis, text: str, heard: list[str]) -> None:
    async with asyncio.timeout(10):
        while text not in heard:
            await publisher.publish(CHANNEL, text)
            await asyncio.sleep(0.02)


def test_without_redis_clients_still_attach(caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        hub = Hub("redis://127.0.0.1:1/0")
        heard, subscriber = client()
        with caplog.at_level(logging.WARNING):
            await asyncio.wait_for(hub.attach(subscriber, [CHANNEL]), 5)
        await hub.detach(subscriber)
        assert hub._task is None
        assert sum("subscription lost" in r.getMessage() for r in caplog.records) == 1
        assert heard == []

    asyncio.run(body())


def test_unreadable_messages_harm_nobody() -> None:
    async def body(hub: Hub, publisher: Redis) -> None:
        heard, subscriber = client()
        await hub.attach(subscriber, [CHANNEL])
        subscriber.start()
        for text in ("{", "[]", "{}", "7", '{"type": "tick", "instrument": "XAUUSD"}', tick_text(3)):
            await publisher.publish(CHANNEL, text)
        await eventually(lambda: heard == [tick_text(3)])
        await hub.detach(subscriber)
        await subscriber.stop()

    run(body)


def test_unused_channels_are_let_go() -> None:
    async def body(hub: Hub, publisher: Redis) -> None:
        (_, first), (_, second) = client(), client()
        await hub.attach(first, [CHANNEL, ACCOUNT])
        await hub.attach(second, [CHANNEL])
        await hub.detach(first)
        with redis.Redis.from_url(settings.REDIS_URL) as direct:
            await eventually(lambda: dict(direct.pubsub_numsub(CHANNEL, ACCOUNT)) == {CHANNEL.encode(): 1, ACCOUNT.encode(): 0})
        await hub.detach(second)
        await hub.detach(second)

    run(body)


def test_a_client_that_is_gone_is_no_trouble() -> None:
    async def body(hub: Hub, publisher: Redis) -> None:
        async def broken(text: str) -> None:
            raise ConnectionResetError

        heard, healthy = client()
        gone = Subscriber(broken)
        for subscriber in (gone, healthy):
            await hub.attach(subscriber, [CHANNEL])
            subscriber.start()
        await publisher.publish(CHANNEL, tick_text(1))
        await eventually(lambda: heard == [tick_text(1)])
        for subscriber in (gone, healthy):
            await hub.detach(subscriber)
            await subscriber.stop()

    run(body)


def test_keys_tell_what_a_newer_frame_replaces() -> None:
    assert frame_key({"type": "tick", "instrument": "XAUUSD", "seq": 1}) == ("tick", "XAUUSD")
    assert frame_key({"type": "account", "account": 7, "version": 3}) == ("account", 7)
