"""The feed of a market without one: nothing comes, and that is right. Its stream is still looked at, for ticks that are imported."""

import threading
from collections.abc import Sequence

from quotes.feeds.base import Batches, Feed, Options, Wanted


class Silence(Feed):
    """Waits, and delivers nothing."""

    def __init__(self, options: Options, wanted: Sequence[Wanted]) -> None:
        super().__init__(options, wanted)
        self._closed = threading.Event()

    def take(self, timeout_seconds: float) -> Batches:
        """Nothing, after the timeout or once closed."""
        self._closed.wait(timeout_seconds)
        return {}

    def close(self) -> None:
        """Ends the wait."""
        self._closed.set()
