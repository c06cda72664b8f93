"""What a browser or a program hears live: the quotes of one market and, if it asks for one, the changes of one account it may see.

Close codes: 4401 not signed in (any more), 4404 no such address or market, or no such account for this user in it (any more), 1013 the database is away: come
again. Session and right are looked at again every RECHECK_SECONDS. Frames: `tick`, `account` (a version: fetch again), `resync` (hints may have been lost:
fetch everything again).
"""

import asyncio
import json
from contextlib import suppress
from importlib import import_module
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.contrib.auth import get_user
from django.db import Error

from accounts.selectors import account_for
from quotes.hub import Subscriber, frame_key, frame_place, hub
from quotes.selectors.latest import latest_frames
from quotes.selectors.listings import market_named
from tradingdesk.kernel.dispatch import ACCOUNT_CHANNEL, MARKET_CHANNEL
from tradingdesk.kernel.errors import NotFound
from tradingdesk.kernel.outages import database_is_away
from tradingdesk.kernel.sockets import TRY_AGAIN

NOT_SIGNED_IN, NOT_FOUND = 4401, 4404
RECHECK_SECONDS = 15.0  # whoever signed out, or lost the account, listens no longer than this; six small reads


class MarketConsumer(AsyncWebsocketConsumer):
    """Accepts before it refuses: only then does the browser learn the close code."""

    subscriber: Subscriber | None = None
    recheck: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Subscribes first, then sends the newest quotes: no tick falls between the two."""
        await self.accept()
        try:
            refused = await self._begin()
        except Error as error:
            if not database_is_away(error):
                raise
            refused = TRY_AGAIN
        if refused:
            await self.close(refused)

    async def _begin(self) -> int:
        # The close code of a refusal; 0 when it listens.
        user = self.scope.get("user")
        if user is None or not user.is_authenticated:
            return NOT_SIGNED_IN
        try:
            market_id, channels = await database_sync_to_async(watched)(user, *self._asked())
        except NotFound:
            return NOT_FOUND
        self.subscriber = Subscriber(self._send_text)
        await hub().attach(self.subscriber, channels)
        for frame in await database_sync_to_async(lambda: list(latest_frames(market_id)))():
            self.subscriber.offer(frame_key(frame), json.dumps(frame), frame_place(frame))
        self.subscriber.start()
        self.recheck = asyncio.create_task(self._look_again())
        return 0

    def _asked(self) -> tuple[str, str]:
        number = parse_qs(self.scope["query_string"].decode("latin-1")).get("account", [""])[0]
        return self.scope["url_route"]["kwargs"]["market"], number

    async def _look_again(self) -> None:
        # While the database is away nobody is thrown out: it is asked again next time.
        session_key, user_id = self.scope["session"].session_key, self.scope["user"].pk
        while True:
            await asyncio.sleep(RECHECK_SECONDS)
            with suppress(Error):
                if refused := await database_sync_to_async(refusal)(session_key, user_id, *self._asked()):
                    return await self.close(refused)

    async def disconnect(self, code: int) -> None:
        """Lets the hub forget this client."""
        if self.recheck is not None:
            self.recheck.cancel()
        if self.subscriber is not None:
            await hub().detach(self.subscriber)
            await self.subscriber.stop()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Clients only listen here; what they say is ignored."""

    async def _send_text(self, text: str) -> None:
        await self.send(text_data=text)


class NowhereConsumer(AsyncWebsocketConsumer):
    """Any other address: closed with 4404."""

    async def connect(self) -> None:
        """Accepts before it refuses, as above."""
        await self.accept()
        await self.close(NOT_FOUND)


def refusal(session_key: str, user_id: int, code: str, number: str) -> int:
    """The close code for whoever may not listen any more; 0 for whoever still may. Reads session, user and rights anew."""
    session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = get_user(SimpleNamespace(session=session))  # type: ignore[arg-type]
    if not user.is_authenticated or user.pk != user_id:
        return NOT_SIGNED_IN
    try:
        watched(user, code, number)
    except NotFound:
        return NOT_FOUND
    return 0


def watched(user: Any, code: str, number: str) -> tuple[int, list[str]]:
    """The market's id and the channels to hear; raises NotFound for an unknown market, and for an account that is not this user's or not in it."""
    market = market_named(code)
    channels = [MARKET_CHANNEL.format(market.pk)]
    if number:
        account = account_for(user, number) if number.isprintable() else None
        if account is None or account.market_id != market.pk:
            raise NotFound("There is no such account in this market.", account=number, market=code)
        channels.append(ACCOUNT_CHANNEL.format(account.pk))
    return market.pk, channels
