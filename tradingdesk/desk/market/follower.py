"""Follows one market in a thread of its own: opens its feed, hands every batch to the instrument's stream, opens the feed again when it fails or stalls.

The lead of each stream is taken once, with the first look at it, and only while the market's lock is surely held: a follower that tries again, or that has
lost the lock and does not know it yet, never takes the lead from another process.
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import monotonic
from typing import Any

import structlog
from django.db import connection

from quotes.feeds.base import Feed, Wanted
from quotes.feeds.registry import open_feed
from quotes.locks import NotLeading
from quotes.selectors.streams import wanted_prices
from quotes.services.ticks import take_lead
from tradingdesk.desk.market.complaint import Backoff, Complaint
from tradingdesk.desk.market.silence import Silence
from tradingdesk.desk.market.stream import Evaluate, Stream
from tradingdesk.kernel import clock
from tradingdesk.kernel.session_locks import LockLost

log = structlog.get_logger("market")
TAKE_SECONDS = 1.0
JOIN_SECONDS = 10.0


@dataclass(frozen=True)
class Followed:
    """A market as configured; a change of any of it starts its follower anew."""

    market_id: int
    code: str
    feed: str
    options: Any
    listings: tuple[int, ...]


class Follower(threading.Thread):
    """Runs until `stop`, or until the market is no longer this process's. `check_lead` raises LockLost when its lock is gone."""

    def __init__(self, followed: Followed, evaluate: Evaluate, check_lead: Callable[[], None]) -> None:
        super().__init__(name=f"market {followed.code}", daemon=True)
        self.followed = followed
        self._evaluate, self._check_lead = evaluate, check_lead
        self._epochs: dict[int, int] = {}
        self._stopping = threading.Event()
        self._feed: Feed | None = None
        self._complaint = Complaint("feed", market=followed.code, feed=followed.feed)
        self._backoff = Backoff()

    def run(self) -> None:
        """Feed after feed, with pauses that grow while they fail."""
        try:
            while not self._stopping.is_set():
                self._attempt()
                if not self._stopping.is_set():
                    self._stopping.wait(self._backoff.next_seconds())
        finally:
            connection.close()

    def stop(self) -> None:
        """Asks the thread to end and wakes it; `join` it afterwards."""
        self._stopping.set()
        if self._feed is not None:
            self._feed.close()

    @property
    def is_stopping(self) -> bool:
        """It has been asked to end, or ends of its own accord."""
        return self._stopping.is_set()

    def _attempt(self) -> None:
        # Any failure of a feed or of the database ends here, is said once, and is tried again.
        try:
            self._follow()
        except (NotLeading, LockLost) as error:
            log.warning("this market is led from here no longer", market=self.followed.code, reason=error.reason_code)
            self._stopping.set()
        except Exception as error:
            self._complaint.raised(f"{type(error).__name__}: {error}")
            connection.close()
        finally:
            if self._feed is not None:
                self._feed.close()

    def _follow(self) -> None:
        wanted = wanted_prices(self.followed.market_id)
        streams = {w.instrument_id: self._stream(w) for w in wanted}
        for stream in streams.values():
            stream.idle()
        self._feed = open_feed(self.followed.feed, self.followed.options, wanted) if self.followed.feed else Silence({}, wanted)
        self._drain(self._feed, wanted, streams)
        for stream in streams.values():
            stream.note()

    def _stream(self, wanted: Wanted) -> Stream:
        market_id, instrument_id = self.followed.market_id, wanted.instrument_id
        if instrument_id not in self._epochs:
            self._epochs[instrument_id] = take_lead(market_id, instrument_id, self._check_lead)
        complaint = Complaint("orders", market=self.followed.code, instrument=wanted.symbol)
        return Stream(market_id, instrument_id, self.followed.feed, self._evaluate, self._epochs[instrument_id], complaint)

    def _drain(self, feed: Feed, wanted: list[Wanted], streams: dict[int, Stream]) -> None:
        heard = monotonic()
        while not self._stopping.is_set():
            seconds = _patience_seconds(streams.values())
            batches = feed.take(seconds)
            for instrument_id, ticks in batches.items():
                streams[instrument_id].take(ticks)
            if batches:
                heard = monotonic()
                self._complaint.settled()
                self._backoff.reset()
                continue
            for stream in streams.values():
                stream.idle()
            if feed.is_finished:
                self._stopping.wait(seconds)
            elif not any(w.is_open(clock.now()) for w in wanted):
                heard = monotonic()
            elif feed.stall_seconds is not None and monotonic() - heard > feed.stall_seconds:
                raise TimeoutError(f"no tick for {feed.stall_seconds:g} s while a session is open")


def _patience_seconds(streams: Iterable[Stream]) -> float:
    """How long to wait for ticks at most: until the next second, or until orders that are owed an evaluation are looked at again."""
    owed = (stream.again_seconds() for stream in streams)
    return min([TAKE_SECONDS, *(seconds for seconds in owed if seconds is not None)])
