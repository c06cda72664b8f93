"""A gold price that behaves: a seeded walk with calm and lively spells, small jumps and a spread that widens with them and recovers. Pure.

The same seed, start and number of steps give the same quotes, whenever and in whatever batches they are asked for. Inside, levels are floats: they are
random numbers, not money; what comes out lies exactly on the tick grid.
"""

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from random import Random

SECONDS_PER_YEAR = 252 * 23 * 3600  # COMEX trades 23 hours a day
JUMPS_PER_SECOND = 1 / 240  # one every four minutes or so
JUMP_DEVIATIONS = 6.0  # of one second's movement
SPREAD_RECOVERS_PER_SECOND = 0.08  # half of an excess is gone after some nine seconds
MOOD_RECOVERS_PER_SECOND = 0.005
MOOD_DEVIATION = 0.04  # of the logarithm of volatility, per square root of a second
PULL_PER_SECOND = 2e-6  # towards the start price, so that a demo running for months stays where people know gold
WIDEST_SPREADS = 6.0  # times the usual one
LOWEST_SHARE = 0.2  # of the start price


@dataclass(frozen=True, slots=True)
class WalkSettings:
    """`volatility` is annual (0.15 is fifteen per cent); prices in currency per ounce."""

    seed: int
    start_price: Decimal
    volatility: float
    spread: Decimal
    tick_size: Decimal
    ticks_per_second: float


class Walk:
    """Yields (seconds since the quote before, bid, ask), bid below ask, both positive multiples of the tick size."""

    def __init__(self, settings: WalkSettings, resume_mid: Decimal | None = None, resume_seq: int = 0) -> None:
        """Starts anew, or goes on from the middle of a quote at a known place."""
        self._settings = settings
        self._random = Random(f"{settings.seed}:{resume_seq}")  # noqa: S311  (a market's noise, not a secret)
        self._home = float(settings.start_price)
        self._mid = float(resume_mid if resume_mid is not None else settings.start_price)
        self._mood = 0.0
        self._excess = 0.0  # of the spread, in usual spreads

    def step(self) -> tuple[float, Decimal, Decimal]:
        """The next quote, and how long after the last one it comes."""
        seconds = self._random.expovariate(self._settings.ticks_per_second)
        self._move(seconds)
        usual = float(self._settings.spread)
        half = usual * (1 + self._excess + abs(self._random.gauss(0, 0.08))) / 2
        bid = self._on_grid(self._mid - half)
        ask = max(self._on_grid(self._mid + half), bid + self._settings.tick_size)
        return seconds, bid, ask

    def _move(self, seconds: float) -> None:
        noise = self._random.gauss
        self._mood += -self._mood * min(1.0, MOOD_RECOVERS_PER_SECOND * seconds) + MOOD_DEVIATION * math.sqrt(seconds) * noise(0, 1)
        per_second = self._settings.volatility / math.sqrt(SECONDS_PER_YEAR) * math.exp(max(-1.5, min(1.5, self._mood)))
        change = per_second * math.sqrt(seconds) * noise(0, 1)
        self._excess *= math.exp(-SPREAD_RECOVERS_PER_SECOND * seconds)
        if self._random.random() < JUMPS_PER_SECOND * seconds:
            jump = noise(0, 1) * JUMP_DEVIATIONS
            change += per_second * jump
            self._excess = min(WIDEST_SPREADS, self._excess + abs(jump) / 3)
        self._mid *= math.exp(change + PULL_PER_SECOND * seconds * math.log(self._home / self._mid))
        self._mid = max(self._mid, self._home * LOWEST_SHARE)

    def _on_grid(self, price: float) -> Decimal:
        step = self._settings.tick_size
        places = (Decimal(price) / step).quantize(Decimal(1), ROUND_HALF_EVEN)
        return max(places, Decimal(1)) * step
