"""Plays recorded tick files as a feed: at their own pace, faster, or as fast as they are taken. Ticks keep the times they were recorded at.

Options: `files` (paths in order, for the one instrument of the market; or {symbol: paths}), `speed` (1 is real time; 0, the default: no waiting).
A restart goes on after the newest clean tick; ticks of one instant are never parted, so none is lost or repeated.
"""

import heapq
import threading
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from time import monotonic
from typing import Any

from quotes.domain.ticks import Tick
from quotes.feeds.base import Batches, Feed, Options, Wanted
from quotes.feeds.tick_file import read_ticks
from tradingdesk.kernel import money
from tradingdesk.kernel.errors import InvalidRequest

BATCH_TICKS = 500
Recorded = tuple[int, Tick]


class Playback(Feed):
    """Files are read one after the other, when their turn comes."""

    def __init__(self, options: Options, wanted: Sequence[Wanted]) -> None:
        """Raises InvalidRequest FEED_OPTIONS; a file that cannot be read is refused when its turn comes."""
        super().__init__(options, wanted)
        self._speed = float(_speed(options))
        self._closed = threading.Event()
        self._instants = _instants(options, wanted)
        self._next = next(self._instants, None)
        self._begun: tuple[float, float] | None = None  # monotonic clock and recorded time of the first instant

    def take(self, timeout_seconds: float) -> Batches:
        """The next instants that are due, at most some BATCH_TICKS ticks of them."""
        batches: Batches = {}
        deadline, taken = monotonic() + timeout_seconds, 0
        while self._next is not None and taken < BATCH_TICKS and self._wait(self._next, monotonic() if batches else deadline):
            for instrument_id, tick in self._next:
                batches.setdefault(instrument_id, []).append(tick)
                taken += 1
            self._next = next(self._instants, None)
        self.is_finished = self._next is None
        return batches

    def close(self) -> None:
        """Ends a wait."""
        self._closed.set()

    def _wait(self, instant: list[Recorded], deadline: float) -> bool:
        """Whether the instant has come by the deadline."""
        recorded = instant[0][1].time.timestamp()
        self._begun = self._begun or (monotonic(), recorded)
        due = self._begun[0] + (recorded - self._begun[1]) / self._speed if self._speed else 0.0
        self._closed.wait(max(0.0, min(due, deadline) - monotonic()))
        return not self._closed.is_set() and due <= monotonic()


def _instants(options: Options, wanted: Sequence[Wanted]) -> Iterator[list[Recorded]]:
    """All instruments' ticks merged by time, those of one instant together."""
    files = _files(options, wanted)
    streams = [_ticks(w, paths) for w in wanted if (paths := files.get(w.symbol))]
    merged = heapq.merge(*streams, key=lambda recorded: recorded[1].time)
    return (list(same) for _, same in groupby(merged, key=lambda recorded: recorded[1].time))


def _ticks(wanted: Wanted, paths: Sequence[str]) -> Iterator[Recorded]:
    for path in paths:
        for tick in read_ticks(Path(path)):
            if wanted.latest is None or tick.time > wanted.latest.time:
                yield wanted.instrument_id, tick


def _files(options: Options, wanted: Sequence[Wanted]) -> dict[str, Sequence[str]]:
    files: Any = options.get("files")
    if isinstance(files, list) and len(wanted) == 1:
        files = {wanted[0].symbol: files}
    if not isinstance(files, dict) or not all(isinstance(paths, list) for paths in files.values()):
        raise InvalidRequest('The option files must be a list of paths, or {"SYMBOL": [paths]}.', code="FEED_OPTIONS", option="files")
    return files


def _speed(options: Options) -> Any:
    value = options.get("speed", 0)
    speed = money.parse(str(value) if isinstance(value, float) else value, "speed")
    if speed < 0:
        raise InvalidRequest("The option speed must not be negative.", code="FEED_OPTIONS", option="speed", value=str(value))
    return speed
