"""One instrument of one market: its ticks are recorded, then resting orders see each of them, in order, exactly from where they stopped.

A tick counts as evaluated only after `evaluate` has returned; whatever was recorded without it (a crash, an import, a failed or incomplete evaluation) is
read from the table and evaluated first. Fills by ticks that were read back carry the source STORED: the table does not keep each tick's own.
"""

from collections.abc import Callable, Sequence
from time import monotonic
from typing import Protocol

from django.db import connection

from quotes.domain.dealing import STORED
from quotes.domain.ticks import Tick
from quotes.locks import NotLeading
from quotes.selectors.streams import clean_ticks, standing
from quotes.services.ticks import Recorded, mark_evaluated, record
from tradingdesk.desk.market.complaint import Backoff, Complaint
from tradingdesk.kernel.errors import DeskError

CHUNK = 2_000
FIRST_AGAIN_SECONDS, MOST_AGAIN_SECONDS = 0.02, 1.0  # somebody's command on an account takes a few milliseconds
PATIENCE_SECONDS = 1.0  # an account that is busy for longer is worth a word


class Evaluate(Protocol):
    """What `orders.services.resting.evaluate` is to the market process."""

    def __call__(self, market_id: int, instrument_id: int, ticks: Sequence[Tick], source: str, *, leader_epoch: int | None = None) -> int: ...


class Stream:
    """Used by one thread, under the lead it is given (`take_lead`). `evaluated` is the last place resting orders have seen.

    Every method raises NotLeading once another process has taken over.
    """

    def __init__(self, market_id: int, instrument_id: int, source: str, evaluate: Evaluate, leader_epoch: int, complaint: Complaint) -> None:
        self.market_id, self.instrument_id, self.source = market_id, instrument_id, source
        self._evaluate, self._epoch, self._complaint = evaluate, leader_epoch, complaint
        self.evaluated = self._marked = standing(market_id, instrument_id).evaluated_seq
        self._again = Backoff(FIRST_AGAIN_SECONDS, MOST_AGAIN_SECONDS)
        self._owes_since: float | None = None  # monotonic; orders wait for an evaluation that failed

    def take(self, ticks: Sequence[Tick]) -> None:
        """Records ticks of the feed and evaluates what came of them. Prices go on when an evaluation fails; it is made up for."""
        recorded = record(self.market_id, self.instrument_id, ticks, self.source, evaluated_through=self.evaluated, leader_epoch=self._epoch)
        self._marked = self.evaluated
        self._guarded(lambda: self._see(recorded))

    def idle(self) -> None:
        """Nothing came: new orders are taken up, stored ticks that nobody has seen are made up for, and the place is noted."""
        self._guarded(self._catch_up)

    def note(self) -> None:
        """Stores how far orders have seen, where it is not stored yet."""
        if self.evaluated > self._marked:
            mark_evaluated(self.market_id, self.instrument_id, self.evaluated, leader_epoch=self._epoch)
            self._marked = self.evaluated

    def again_seconds(self) -> float | None:
        """How soon to call `idle` though nothing came, because orders wait for an evaluation that failed; None when nothing is owed."""
        return None if self._owes_since is None else self._again.next_seconds()

    def _see(self, recorded: Recorded) -> None:
        first, last = recorded.ticks[0].seq, recorded.ticks[-1].seq
        self._make_up(first - 1)
        self._show(recorded.clean, self.source)
        self.evaluated = last

    def _catch_up(self) -> None:
        self._make_up(standing(self.market_id, self.instrument_id).last_seq)
        self._show([], self.source)
        self.note()

    def _make_up(self, through: int) -> None:
        while self.evaluated < through:
            upper = min(self.evaluated + CHUNK, through)
            self._show(clean_ticks(self.market_id, self.instrument_id, self.evaluated, upper), STORED)
            self.evaluated = upper

    def _show(self, ticks: Sequence[Tick], source: str) -> None:
        self._evaluate(self.market_id, self.instrument_id, ticks, source, leader_epoch=self._epoch)

    def _guarded(self, evaluation: Callable[[], None]) -> None:
        # Whatever goes wrong with orders, the desk keeps its prices; each order's own transaction is whole or absent.
        try:
            evaluation()
        except NotLeading:
            raise
        except DeskError as refusal:
            if self._owed_seconds() > PATIENCE_SECONDS or not refusal.retryable:
                self._complaint.raised(f"evaluation failed ({refusal.reason_code})", None if refusal.retryable else refusal)
        except Exception as error:
            self._owed_seconds()
            self._complaint.raised(f"evaluation failed ({type(error).__name__})", error)
            connection.close()
        else:
            self._owes_since = None
            self._again.reset()
            self._complaint.settled()

    def _owed_seconds(self) -> float:
        if self._owes_since is None:
            self._owes_since = monotonic()
        return monotonic() - self._owes_since
