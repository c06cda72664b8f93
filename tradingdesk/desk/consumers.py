"""What a browser or a program hears live: the quotes of one market and, if it asks for one, the changes of one account it may see.

Close codes: 4401 not signed in, 4404 no such market, or no such account for this user in it. Frames: `tick`, `account` (a version: fetch again), `resync`
(hints may have been lost: fetch everything again).
"""

import json
from typing import Any
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from accounts.selectors import account_for
from quotes.hub import Subscriber, frame_key, hub
from quotes.selectors.latest import latest_frames
from quotes.selectors.listings import market_named
from tradingdesk.kernel.dispatch import ACCOUNT_CHANNEL, MARKET_CHANNEL
from tradingdesk.kernel.errors import NotFound

NOT_SIGNED_IN, NOT_FOUND = 4401, 4404


class MarketConsumer(AsyncWebsocketConsumer):
    """Accepts before it refuses: only then does the browser learn the close code."""

    subscriber: Subscriber | None = None

    async def connect(self) -> None:
        """Subscribes first, then sends the newest quotes: no tick falls between the two."""
        await self.accept()
        user = self.scope.get("user")
        if user is None or not user.is_authenticated:
            return await self.close(NOT_SIGNED_IN)
        code = self.scope["url_route"]["kwargs"]["market"]
        number = parse_qs(self.scope["query_string"].decode("latin-1")).get("account", [""])[0]
        try:
            market_id, channels = await database_sync_to_async(watched)(user, code, number)
        except NotFound:
            return await self.close(NOT_FOUND)
        self.subscriber = Subscriber(self._send_text)
        await hub().attach(self.subscriber, channels)
        for frame in await database_sync_to_async(lambda: list(latest_frames(market_id)))():
            self.subscriber.offer_older(frame_key(frame), json.dumps(frame))
        self.subscriber.start()
        return None

    async def disconnect(self, code: int) -> None:
        """Lets the hub forget this client."""
        if self.subscriber is not None:
            await hub().detach(self.subscriber)
            await self.subscriber.stop()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Clients only listen here; what they say is ignored."""

    async def _send_text(self, text: str) -> None:
        await self.send(text_data=text)


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
