"""The feed port: what a source of prices is to the market process. Adapters know nothing of the database; they get and give plain values."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from quotes.domain.ticks import Tick

Options = Mapping[str, Any]
Batches = dict[int, list[Tick]]  # instrument id → its new ticks in order, `seq` not yet given


@dataclass(frozen=True)
class Wanted:
    """A listing that wants prices, and where its stream stands: `latest` is the newest clean tick, None before the first."""

    instrument_id: int
    symbol: str
    tick_size: Decimal
    is_open: Callable[[datetime], bool]
    latest: Tick | None = None


class Feed(ABC):
    """One market's source of ticks, used by one thread; `close` may be called from another and ends a wait at once.

    `is_finished`: nothing will ever come again. `stall_seconds`: silence longer than this, while a session is open, means that something is wrong;
    None: silence means nothing.
    """

    stall_seconds: ClassVar[float | None] = None
    is_finished: bool = False

    def __init__(self, options: Options, wanted: Sequence[Wanted]) -> None:
        self.options = options
        self.wanted = wanted

    @abstractmethod
    def take(self, timeout_seconds: float) -> Batches:
        """New ticks, as soon as there are any; nothing after the timeout or once closed."""

    @abstractmethod
    def close(self) -> None:
        """Lets go of everything; harmless to call twice."""
