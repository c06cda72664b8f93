"""The WebSocket: who may listen, what comes first, what comes later."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import OperationalError, connection
from django.test import Client
from redis.asyncio import Redis

from accounts.models import Account, RiskTier, User
from quotes.services.ticks import record
from tests.quotes.desk import START, Gold, gold_market, tick
from tradingdesk.asgi import application
from tradingdesk.desk import consumers


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
        ("/ws/nope/", 4404),
        ("/nowhere", 4404),
        ("/ws/market/demo/more/", 4404),
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


def sign_out(user: User) -> None:
    Session.objects.all().delete()


def lose_account(user: User) -> None:
    Account.objects.filter(number="T-1").update(owner=User.objects.create_user("successor"))


def lose_job(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def change_password(user: User) -> None:
    user.set_password("another, elsewhere")
    user.save()


@pytest.mark.parametrize(("happens", "code"), [(sign_out, 4401), (lose_job, 4401), (change_password, 4401), (lose_account, 4404)])
def test_whoever_may_no_longer_listen_is_closed_out(gold: Gold, trader: User, monkeypatch: pytest.MonkeyPatch, happens: Any, code: int) -> None:
    account(trader, gold, "T-1")
    monkeypatch.setattr(consumers, "RECHECK_SECONDS", 0.05)

    async def talk(communicator: WebsocketCommunicator) -> None:
        assert await closed_with(communicator, 0.3) is None  # looked at again and again, and still welcome
        await asyncio.to_thread(elsewhere, lambda: happens(trader))
        assert await closed_with(communicator) == code

    converse("/ws/market/demo/?account=T-1", trader, talk)


def test_a_database_that_is_away_is_try_again_and_throws_nobody_out(gold: Gold, trader: User, monkeypatch: pytest.MonkeyPatch) -> None:
    account(trader, gold, "T-1")

    def gone(*_: Any) -> None:
        raise OperationalError("the connection is closed")

    async def talk(communicator: WebsocketCommunicator) -> None:
        monkeypatch.setattr(consumers, "watched", gone)
        assert await closed_with(communicator, 0.3) is None
        other = WebsocketCommunicator(application, "/ws/market/demo/?account=T-1", headers=headers)
        assert (await other.connect(timeout=10))[0]
        assert await closed_with(other) == 1013

    monkeypatch.setattr(consumers, "RECHECK_SECONDS", 0.05)
    headers = headers_of(trader)
    converse("/ws/market/demo/?account=T-1", trader, talk)


def test_who_comes_while_the_database_is_away_is_told_to_come_again(gold: Gold, trader: User, monkeypatch: pytest.MonkeyPatch) -> None:
    async def gone(scope: Any) -> None:
        raise OperationalError("the connection is closed")

    async def body() -> None:
        communicator = WebsocketCommunicator(application, "/ws/market/demo/", headers=headers)
        assert await communicator.connect(timeout=10) == (False, 1013)

    headers = headers_of(trader)
    monkeypatch.setattr("channels.auth.get_user", gone)
    asyncio.run(asyncio.wait_for(body(), 30))


async def closed_with(communicator: WebsocketCommunicator, seconds: float = 10) -> int | None:
    """The close code that comes within this time, whatever else comes before it; None when none does."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while True:
                if await communicator.receive_nothing(0.02):
                    continue
                output = await communicator.receive_output()
                if output["type"] == "websocket.close":
                    return int(output["code"])
    return None


def elsewhere(act: Callable[[], None]) -> None:
    try:
        act()
    finally:
        connection.close()


def record_elsewhere(gold: Gold) -> None:
    try:
        record(gold.market, gold.instrument, [tick(1, "1301")], "test")
    finally:
        connection.close()
