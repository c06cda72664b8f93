"""Which rung of the ladder an account stands on. Pure."""

from dataclasses import dataclass
from decimal import Decimal

from risk.enums import MarginState

# Percentage points. A level that hovers at a threshold would cross it with every other quote, each time an event and a message to its watchers. At 5 % margin
# a point is a move of 0.05 % of the price, a dollar of gold at 2,000: more than the noise of seconds. A fall is told at once: only the way up waits.
HYSTERESIS = Decimal(1)

_RUNGS = tuple(MarginState)  # best first


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Of a risk tier, in per cent of margin; each triggers strictly below it."""

    watch: Decimal
    warning: Decimal
    liquidation: Decimal


def rung(level: Decimal | None, equity: Decimal, thresholds: Thresholds, before: MarginState = MarginState.NORMAL) -> MarginState:
    """The state at a margin level in per cent (None without margin) and an equity, coming from `before`.

    A worse state counts at once; a better one when the level is HYSTERESIS above the threshold that is left. Without margin nothing hovers: equity alone says.
    """
    now = _plain(level, equity, thresholds)
    if level is None or _RUNGS.index(now) >= _RUNGS.index(before):
        return now
    return min(before, _plain(level - HYSTERESIS, equity, thresholds), key=_RUNGS.index)


def _plain(level: Decimal | None, equity: Decimal, thresholds: Thresholds) -> MarginState:
    if equity < 0 or (level is not None and level < 0):
        return MarginState.DEFICIT
    if level is None or level >= thresholds.watch:
        return MarginState.NORMAL
    if level >= thresholds.warning:
        return MarginState.WATCH
    return MarginState.WARNING if level >= thresholds.liquidation else MarginState.LIQUIDATION
