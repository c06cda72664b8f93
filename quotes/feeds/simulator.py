"""Simulated prices on the wall clock: a seeded walk per instrument, silent while its sessions are closed, going on from the last quote after a restart.

Options, all with defaults: seed, start_price, volatility (annual), spread, ticks_per_second; `instruments` may hold a set of its own per symbol.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from time import monotonic
from typing import Any

from quotes.domain.ticks import Tick
from quotes.domain.walk import Walk, WalkSettings
from quotes.feeds.base import Batches, Feed, Options, Wanted
from tradingdesk.kernel import clock, money
from tradingdesk.kernel.errors import InvalidRequest

DEFAULTS: dict[str, Any] = {"seed": 1, "start_price": "2400", "volatility": "0.16", "spread": "0.3", "ticks_per_second": "4"}
BOUNDS = {
    "start_price": (Decimal("0.01"), Decimal("10000000")),
    "volatility": (Decimal(0), Decimal(5)),
    "spread": (Decimal(0), Decimal("100000")),
    "ticks_per_second": (Decimal("0.01"), Decimal(1000)),
}
FINEST_STEP = Decimal("0.001")  # for instruments that allow any price
LOOK_AGAIN_SECONDS = 1.0  # at a closed session
MOST_AT_ONCE = 200  # after a pause of the process the walk does not race to catch up


def walk_settings(options: Options, symbol: str, tick_size: Decimal) -> WalkSettings:
    """Reads the options of one instrument; raises InvalidRequest FEED_OPTIONS with the option, its value and its bounds."""
    own = options.get("instruments", {}).get(symbol, {}) if isinstance(options.get("instruments", {}), dict) else {}
    values = {**DEFAULTS, **{k: v for k, v in options.items() if k in DEFAULTS}, **own}
    numbers = {name: _number(name, values[name]) for name in BOUNDS}
    return WalkSettings(
        seed=_seed(values["seed"]),
        start_price=numbers["start_price"],
        volatility=float(numbers["volatility"]),
        spread=numbers["spread"],
        tick_size=tick_size or FINEST_STEP,
        ticks_per_second=float(numbers["ticks_per_second"]),
    )


def _number(name: str, value: Any) -> Decimal:
    number = money.parse(str(value) if isinstance(value, float) else value, name)
    lowest, highest = BOUNDS[name]
    if not lowest <= number <= highest:
        message = f"The simulator's {name} must lie between {lowest} and {highest}."
        raise InvalidRequest(message, code="FEED_OPTIONS", option=name, value=str(value), minimum=str(lowest), maximum=str(highest))
    return number


def _seed(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidRequest("The simulator's seed must be a whole number.", code="FEED_OPTIONS", option="seed", value=str(value)[:64])
    return value


@dataclass
class _Stream:
    wanted: Wanted
    walk: Walk
    due: float  # on the monotonic clock
    quote: tuple[Decimal, Decimal]  # what comes then


class Simulator(Feed):
    """Ticks as time passes; stamped with the wall clock."""

    stall_seconds = 30.0

    def __init__(self, options: Options, wanted: Sequence[Wanted]) -> None:
        """Raises InvalidRequest FEED_OPTIONS."""
        super().__init__(options, wanted)
        self._closed = threading.Event()
        self._streams = [self._stream(w) for w in wanted]

    def take(self, timeout_seconds: float) -> Batches:
        """Waits for the next quote that is due."""
        deadline = monotonic() + timeout_seconds
        while not self._closed.is_set():
            batches = self._due(monotonic(), clock.now())
            until = min([deadline, *(s.due for s in self._streams)])
            if batches or monotonic() >= deadline:
                return batches
            self._closed.wait(max(0.0, until - monotonic()))
        return {}

    def close(self) -> None:
        """Ends a wait."""
        self._closed.set()

    def _stream(self, wanted: Wanted) -> _Stream:
        settings = walk_settings(self.options, wanted.symbol, wanted.tick_size)
        latest = wanted.latest
        walk = Walk(settings, latest.mid if latest else None, latest.seq if latest else 0)
        seconds, bid, ask = walk.step()
        return _Stream(wanted, walk, monotonic() + seconds, (bid, ask))

    def _due(self, now: float, at: datetime) -> Batches:
        batches: Batches = {}
        for stream in self._streams:
            if stream.due > now:
                continue
            if not stream.wanted.is_open(at):
                stream.due = now + LOOK_AGAIN_SECONDS
                continue
            batches[stream.wanted.instrument_id] = self._quotes(stream, now, at)
        return batches

    @staticmethod
    def _quotes(stream: _Stream, now: float, at: datetime) -> list[Tick]:
        ticks: list[Tick] = []
        while stream.due <= now:
            if len(ticks) == MOST_AT_ONCE:
                stream.due = now
            ticks.append(Tick(0, at, *stream.quote))
            seconds, bid, ask = stream.walk.step()
            stream.due, stream.quote = stream.due + seconds, (bid, ask)
        return ticks[-MOST_AT_ONCE:]
