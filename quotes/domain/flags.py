"""Which ticks are good enough to deal on. Pure, and a function of the ticks in their order alone: the same ticks get the same flags in any batches.

Odd ticks are stored and counted, never dropped. A tick far from the last clean quote is flagged as a jump; when CONFIRMING_TICKS jumps in a row agree
with each other, the market has really moved and the last of them is clean: one bad print never deals, a real gap locks nobody out for long.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from quotes.domain.ticks import Tick
from quotes.enums import TickFlag

CONFIRMING_TICKS = 3


@dataclass
class Flagger:
    """`time` and `level` (bid + ask) are those of the newest clean tick; `jumps` the levels of the jumps since then that agree, newest last."""

    max_jump_rate: Decimal
    time: datetime | None = None
    level: Decimal | None = None
    jumps: list[Decimal] = field(default_factory=list)

    def flag(self, tick: Tick) -> TickFlag:
        """The tick's flag; a clean tick becomes what the next one is compared with."""
        flag = self._fault(tick)
        if flag == TickFlag.JUMP and self._confirmed(tick.bid + tick.ask):
            flag = TickFlag.CLEAN
        if flag == TickFlag.CLEAN:
            self.time, self.level = tick.time, tick.bid + tick.ask
            self.jumps.clear()
        return flag

    def resume(self, flagged_since: Iterable[tuple[Decimal, int]]) -> None:
        """Takes up what was stored after the newest clean tick: (bid + ask, flag) in order."""
        for level, flag in flagged_since:
            if flag == TickFlag.JUMP:
                self._confirmed(level)

    def _fault(self, tick: Tick) -> TickFlag:
        if tick.bid <= 0 or tick.ask <= 0:
            return TickFlag.NOT_POSITIVE
        if tick.bid > tick.ask:
            return TickFlag.CROSSED
        if self.time is not None and tick.time < self.time:
            return TickFlag.BACKWARDS
        return TickFlag.JUMP if self.level is not None and self._is_far(tick.bid + tick.ask, self.level) else TickFlag.CLEAN

    def _is_far(self, level: Decimal, other: Decimal) -> bool:
        return self.max_jump_rate > 0 and abs(level - other) > self.max_jump_rate * other

    def _confirmed(self, level: Decimal) -> bool:
        if self.jumps and self._is_far(level, self.jumps[-1]):
            self.jumps.clear()
        self.jumps.append(level)
        return len(self.jumps) >= CONFIRMING_TICKS


def flagged(ticks: Sequence[Tick], flagger: Flagger, first_seq: int, received_at: datetime) -> list[Tick]:
    """The ticks with their flag, their place (`first_seq` and up) and the wall-clock instant they came in."""
    return [Tick(first_seq + n, t.time, t.bid, t.ask, t.last, t.last_size, flagger.flag(t), received_at) for n, t in enumerate(ticks)]
