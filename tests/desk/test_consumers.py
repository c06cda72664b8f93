"""The WebSocket: who may listen, what comes first, what comes later."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.db import connection
from django.test import Client
from redis.asyncio import Redis

from accounts.models import Account, RiskTier, User
from quotes.services.ticks import record
from tests.quotes.desk import START, Gold, gold_market, tick
from tradingdesk.asgi import application


def headers_of(user: User | None) -> list[tuple[bytes, bytes]]:
    headers = [(b"origin", b"http://127.0.0.1"), (b"host", b"127.0.0.1")]
    if user is not None:
        browser = Client()
        browser.force_login(user)
        headers.append((b"cookie", f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}".encode()))
    return headers


def converse(path: str, user: User | None, talk: Callable[[WebsocketCommunicator], Awaitable[None]]) -> None:
    headers = headers_of(user)

    async def body() -> None:
        communicator = WebsocketCommunicator(application, path, headers=headers)
        is_connected, _ = await communicator.connect(timeout=10)
        assert is_connected
        await talk(communicator)
        await communicator.disconnect(timeout=10)
        await sync_to_async(lambda: connection.close())()  # the thread that consumers read in outlives this test's database

    asyncio.run(asyncio.wait_for(body(), 30))


@pytest.fixture
def gold(own_database: Any, settings: Any) -> Gold:
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    return gold_market()


@pytest.fixture
def trader(gold: Gold) -> User:
    return User.objects.create_user("trader")


def account(owner: User, gold: Gold, number: str) -> Account:
    tier, _ = RiskTier.objects.get_or_create(name="standard")
    return Account.objects.create(number=number, name=number, owner=owner, market_id=gold.market, tier=tier, opened_at=START)


async def frame(communicator: WebsocketCommunicator) -> dict[str, Any]:
    return json.loads(await communicator.receive_from(timeout=10))


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/ws/market/demo/", 4401),
        ("/ws/market/nowhere/", 4404),
        ("/ws/market/demo/?account=absent", 4404),
        ("/ws/market/demo/?account=%00", 4404),
        ("/ws/market/demo/?account=foreign", 4404),
        ("/ws/market/demo/?account=elsewhere", 4404),
    ],
)
def test_refusals_close_with_their_code(gold: Gold, trader: User, path: str, code: int) -> None:
    account(User.objects.create_user("somebody"), gold, "foreign")
    account(trader, gold_market("other"), "elsewhere")

    async def talk(communicator: WebsocketCommunicator) -> None:
        closed = await communicator.receive_output(timeout=10)
        assert (closed["type"], closed["code"]) == ("websocket.close", code)

    converse(path, None if code == 4401 else trader, talk)


def test_the_newest_quote_comes_first_then_ticks_and_the_accounts_changes(gold: Gold, trader: User) -> None:
    own = account(trader, gold, "T-1")
    record(gold.market, gold.instrument, [tick(0, "1300")], "test")

    async def talk(communicator: WebsocketCommunicator) -> None:
        first = await frame(communicator)
        assert (first["type"], first["seq"], first["bid"], first["instrument"]) == ("tick", 1, "1300", "XAUUSD")
        await asyncio.to_thread(record_elsewhere, gold)
        assert ((await frame(communicator))["seq"]) == 2
        async with Redis.from_url(settings.REDIS_URL) as redis:
            await redis.publish(f"desk:account:{own.pk}", json.dumps({"type": "account", "account": own.pk, "version": 3}))
        assert await frame(communicator) == {"type": "account", "account": own.pk, "version": 3}
        await communicator.send_to(text_data="what clients say is ignored")
        assert await communicator.receive_nothing(0.1)

    converse("/ws/market/demo/?account=T-1", trader, talk)


def record_elsewhere(gold: Gold) -> None:
    try:
        record(gold.market, gold.instrument, [tick(1, "1301")], "test")
    finally:
        connection.close()
