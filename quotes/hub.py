"""One hub per web process: a single Redis subscription, fanned out to every client that watches a market or an account.

A message is parsed once and its text is passed on as it came, the same object to everybody. A client whose previous send has not returned keeps the newest
frame per instrument (and per account) and nothing else, so a stuck client costs a few frames of memory and delays nobody. Everything here runs on one event
loop. What is lost while Redis is away is lost: every client is told to fetch again (`resync`) once it is back. What comes late, or twice, is dropped: a
frame carries its place (a tick's `seq`, an account's `version`), and no client is led back from a later one to an earlier.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing, suppress
from typing import Any
from weakref import WeakKeyDictionary

import structlog
from django.conf import settings
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

Send = Callable[[str], Awaitable[None]]
Key = tuple[str, Any]  # what a newer frame replaces: ("tick", symbol), ("account", id)
OWN_CHANNEL = "desk:hub"  # always subscribed, so that the connection is held and known to work
CONFIRM_SECONDS = 1.0
FIRST_PAUSE_SECONDS, MOST_PAUSE_SECONDS = 0.2, 5.0
RESYNC: Key = ("resync", None)
RESYNC_FRAME = json.dumps({"type": "resync"})
NOWHERE = -1  # the place of what has none


def frame_key(frame: dict[str, Any]) -> Key:
    """What of it is worth only its newest."""
    kind = frame["type"]
    return kind, frame.get("instrument") if kind == "tick" else frame.get("account")


def frame_place(frame: dict[str, Any]) -> int:
    """How far along its instrument's ticks, or its account's versions, a frame is."""
    return int(frame["seq"] if frame["type"] == "tick" else frame.get("version", NOWHERE))


class Subscriber:
    """One client. Frames wait from the first `offer` on, and are sent from `start` on; of each key none that lies before one offered already."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._waiting: dict[Key, str] = {}
        self._places: dict[Key, int] = {}
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def offer(self, key: Key, text: str, place: int = NOWHERE) -> None:
        """A newer frame takes the place of one that still waits; an older one, come late, is nothing. The same account version again may tell of more."""
        known = self._places.get(key, NOWHERE)
        if place < known or (place == known != NOWHERE and key[0] == "tick"):
            return
        if place != NOWHERE:
            self._places[key] = place
        self._waiting[key] = text
        self._wake.set()

    def start(self) -> None:
        """Begins to send, in a task of its own."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Sends nothing more."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                text = self._waiting.pop(next(iter(self._waiting)))
                try:
                    await self._send(text)
                except Exception as error:  # the client is gone; its consumer hears of it by itself
                    log.debug("client gone", error=repr(error))
                    return


class Hub:
    """Connects with its first subscriber, lets go after its last, and reconnects by itself in between."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._subscribers: dict[str, set[Subscriber]] = {}
        self._confirmed: dict[str, asyncio.Event] = {}
        self._changing = asyncio.Lock()
        self._pubsub: Any = None
        self._task: asyncio.Task[None] | None = None
        self._has_connected = False

    async def attach(self, subscriber: Subscriber, channels: Iterable[str]) -> None:
        """From its return on, nothing published on these channels is missed, unless Redis is away: then it returns after a second all the same."""
        async with self._changing:
            for channel in channels:
                self._subscribers.setdefault(channel, set()).add(subscriber)
            if self._task is None:
                self._task = asyncio.create_task(self._run())
            await self._follow_changes()
        with suppress(TimeoutError):
            async with asyncio.timeout(CONFIRM_SECONDS):
                for channel in channels:
                    await self._confirmation(channel).wait()

    async def detach(self, subscriber: Subscriber) -> None:
        """Harmless for one that is not attached."""
        async with self._changing:
            for channel in [c for c, subscribers in self._subscribers.items() if subscriber in subscribers]:
                self._subscribers[channel].discard(subscriber)
                if not self._subscribers[channel]:
                    del self._subscribers[channel]
            await self._follow_changes()
            if not self._subscribers and self._task is not None:
                self._task.cancel()
                with suppress(asyncio.CancelledError):
                    await self._task
                self._task, self._has_connected = None, False

    def _confirmation(self, channel: str) -> asyncio.Event:
        return self._confirmed.setdefault(channel, asyncio.Event())

    async def _follow_changes(self) -> None:
        # Brings the subscription in line with who is attached; a connection that fails here is made anew by `_run`.
        if self._pubsub is None:
            return
        wanted = {OWN_CHANNEL, *self._subscribers}
        known = {c.decode() if isinstance(c, bytes) else c for c in self._pubsub.channels}
        with suppress(RedisError, OSError):
            if added := wanted - known:
                await self._pubsub.subscribe(*added)
            if gone := known - wanted:
                await self._pubsub.unsubscribe(*gone)
                for channel in gone:
                    self._confirmed.pop(channel, None)

    async def _run(self) -> None:
        pause, is_away = FIRST_PAUSE_SECONDS, False
        while True:
            try:
                async with aclosing(self._messages()) as messages:
                    async for message in messages:
                        pause, is_away = FIRST_PAUSE_SECONDS, False
                        self._take(message)
            except (RedisError, OSError) as error:
                if not is_away:
                    log.warning("subscription lost", error=str(error))
                is_away = True
            await asyncio.sleep(pause)
            pause = min(pause * 2, MOST_PAUSE_SECONDS)

    async def _messages(self) -> AsyncGenerator[dict[str, Any], None]:
        client = Redis.from_url(self._url, decode_responses=True, socket_connect_timeout=2, socket_keepalive=True, health_check_interval=10)
        try:
            async with client.pubsub() as pubsub:
                await pubsub.subscribe(OWN_CHANNEL, *self._subscribers)
                async with self._changing:
                    self._pubsub = pubsub
                    await self._follow_changes()
                async for message in pubsub.listen():
                    yield message
        finally:
            self._pubsub = None
            self._confirmed.clear()
            await client.aclose()

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "subscribe":
            self._subscribed(message["channel"])
        elif message["type"] == "message":
            self._pass_on(message["channel"], message["data"])

    def _subscribed(self, channel: str) -> None:
        # Our own channel is subscribed once per connection; the client library may have reconnected without a word.
        self._confirmation(channel).set()
        if channel == OWN_CHANNEL:
            if self._has_connected:
                self._offer_all(RESYNC, RESYNC_FRAME)
            self._has_connected = True

    def _pass_on(self, channel: str, text: str) -> None:
        try:
            frame = json.loads(text)
            key, place = frame_key(frame), frame_place(frame)
        except (ValueError, KeyError, TypeError, AttributeError):
            log.warning("unreadable message", channel=channel, text=str(text)[:100])
            return
        for subscriber in self._subscribers.get(channel, ()):
            subscriber.offer(key, text, place)

    def _offer_all(self, key: Key, text: str) -> None:
        for subscribers in self._subscribers.values():
            for subscriber in subscribers:
                subscriber.offer(key, text)


_hubs: "WeakKeyDictionary[asyncio.AbstractEventLoop, Hub]" = WeakKeyDictionary()


def hub() -> Hub:
    """The hub of the running event loop; a web process has one."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub(settings.REDIS_URL)
    return _hubs[loop]
