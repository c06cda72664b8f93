"""Leads every active market that it can, and looks again every second: markets opened later start, changed ones start anew, others' are taken over when
their leader goes. A market without a feed is followed too: its resting orders see ticks that are imported.

A market is released only once its follower has ended: a thread that does not end keeps its market, rather than meeting a second leader.
"""

import threading
from collections.abc import Sequence
from functools import partial
from time import monotonic

import psycopg
import structlog
from django.db import DatabaseError, connection

from quotes.models import Listing, Market
from tradingdesk.desk.market.complaint import Backoff, Complaint
from tradingdesk.desk.market.follower import JOIN_SECONDS, Followed, Follower
from tradingdesk.desk.market.leadership import Leadership
from tradingdesk.desk.market.stream import Evaluate
from tradingdesk.kernel.session_locks import LockLost

log = structlog.get_logger("market")
SCAN_SECONDS = 1.0


class MarketProcess:
    """`run` in the main thread until `stop` is called, from a signal handler or another thread."""

    def __init__(self, evaluate: Evaluate) -> None:
        self._evaluate = evaluate
        self._stopping = threading.Event()
        self._leadership: Leadership | None = None
        self._followers: dict[int, Follower] = {}
        self._standing_by: set[int] = set()
        self._complaint = Complaint("database")
        self._backoff = Backoff(most_seconds=5.0)

    def run(self) -> None:
        """Ends cleanly once stopped: feeds closed, places noted, markets released."""
        try:
            while not self._stopping.is_set():
                self._stopping.wait(self._attempt())
        finally:
            self._let_go()

    def stop(self) -> None:
        """Asks `run` to end."""
        self._stopping.set()

    def _attempt(self) -> float:
        """One scan; how long to wait before the next."""
        try:
            self._scan()
        except (psycopg.Error, DatabaseError, LockLost) as error:
            self._complaint.raised(f"away ({type(error).__name__})")
            self._let_go()
            return self._backoff.next_seconds()
        self._complaint.settled()
        self._backoff.reset()
        return SCAN_SECONDS

    def _scan(self) -> None:
        if self._leadership is None:
            self._leadership = Leadership()
        self._leadership.check()
        markets = {followed.market_id: followed for followed in followed_markets()}
        followers = list(self._followers.values())
        for ended in self._end([f for f in followers if f.is_stopping or not f.is_alive() or f.followed != markets.get(f.followed.market_id)]):
            self._leadership.release(ended.followed.market_id)
        for followed in markets.values():
            if followed.market_id not in self._followers:
                self._take_over(self._leadership, followed)

    def _take_over(self, leadership: Leadership, followed: Followed) -> None:
        if not leadership.lead(followed.market_id):
            if followed.market_id not in self._standing_by:
                self._standing_by.add(followed.market_id)
                log.info("standing by", market=followed.code)
            return
        self._standing_by.discard(followed.market_id)
        log.info("leading", market=followed.code, feed=followed.feed)
        follower = self._followers[followed.market_id] = Follower(followed, self._evaluate, partial(leadership.check_market, followed.market_id))
        follower.start()

    def _end(self, followers: Sequence[Follower]) -> list[Follower]:
        """Those that have ended, of those that should; the others are waited for once, and looked at again at the next scan."""
        told_now = [follower for follower in followers if not follower.is_stopping]
        for follower in followers:
            follower.stop()
        deadline = monotonic() + JOIN_SECONDS  # for all of them together: meanwhile nobody asks for the locks (leadership.FROZEN_SECONDS)
        for follower in told_now:
            follower.join(max(0.0, deadline - monotonic()))
            if follower.is_alive():
                log.warning("a follower does not end; its market stays here", market=follower.followed.code)
        ended = [follower for follower in followers if not follower.is_alive()]
        for follower in ended:
            del self._followers[follower.followed.market_id]
        return ended

    def _let_go(self) -> None:
        self._end(list(self._followers.values()))
        if self._leadership is not None:
            self._leadership.close()
            self._leadership = None
        connection.close()


def followed_markets() -> list[Followed]:
    """Active markets that list something."""
    markets = Market.objects.filter(is_active=True).order_by("pk")
    listings: dict[int, list[int]] = {}
    active = Listing.objects.filter(is_active=True, instrument__is_active=True, market__in=markets)
    for market_id, instrument_id in active.order_by("instrument_id").values_list("market_id", "instrument_id"):
        listings.setdefault(market_id, []).append(instrument_id)
    return [Followed(m.pk, m.code, m.feed, m.feed_options, tuple(listings[m.pk])) for m in markets if m.pk in listings]
