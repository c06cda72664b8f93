"""One instrument of one market: its ticks are recorded, then resting orders see each of them, in order, exactly from where they stopped.

A tick counts as evaluated only after `evaluate` has returned; whatever was recorded without it (a crash, an import, a failed evaluation) is read from the
table and evaluated first.
"""

from collections.abc import Callable, Sequence

from django.db import connection

from quotes.domain.ticks import Tick
from quotes.selectors.streams import clean_ticks, standing
from quotes.services.ticks import Recorded, mark_evaluated, record, take_lead
from tradingdesk.desk.market.complaint import Complaint

Evaluate = Callable[[int, int, Sequence[Tick], str], int]  # orders.services.resting.evaluate
CHUNK = 2_000


class Stream:
    """Used by one thread. `evaluated` is the last place resting orders have seen."""

    def __init__(self, market_id: int, instrument_id: int, source: str, evaluate: Evaluate, complaint: Complaint) -> None:
        self.market_id, self.instrument_id, self.source = market_id, instrument_id, source
        self._evaluate, self._complaint = evaluate, complaint
        self._epoch = take_lead(market_id, instrument_id)
        self.evaluated = self._marked = standing(market_id, instrument_id).evaluated_seq

    def take(self, ticks: Sequence[Tick]) -> None:
        """Records ticks of the feed and evaluates what came of them. Prices go on when an evaluation fails; it is made up for at the next tick.

        Raises NotLeading once another process has taken over.
        """
        recorded = record(self.market_id, self.instrument_id, ticks, self.source, evaluated_through=self.evaluated, leader_epoch=self._epoch)
        self._marked = self.evaluated
        self._guarded(lambda: self._see(recorded))

    def idle(self) -> None:
        """Nothing came: new orders are taken up, stored ticks that nobody has seen are made up for, and the place is noted."""
        self._guarded(self._catch_up)

    def note(self) -> None:
        """Stores how far orders have seen, where it is not stored yet."""
        if self.evaluated > self._marked:
            mark_evaluated(self.market_id, self.instrument_id, self.evaluated)
            self._marked = self.evaluated

    def _see(self, recorded: Recorded) -> None:
        first, last = recorded.ticks[0].seq, recorded.ticks[-1].seq
        self._make_up(first - 1, self.source)
        self._evaluate(self.market_id, self.instrument_id, recorded.clean, self.source)
        self.evaluated = last

    def _catch_up(self) -> None:
        stands = standing(self.market_id, self.instrument_id)
        self._make_up(stands.last_seq, stands.source or self.source)
        self._evaluate(self.market_id, self.instrument_id, [], self.source)
        self.note()

    def _make_up(self, through: int, source: str) -> None:
        while self.evaluated < through:
            upper = min(self.evaluated + CHUNK, through)
            self._evaluate(self.market_id, self.instrument_id, clean_ticks(self.market_id, self.instrument_id, self.evaluated, upper), source)
            self.evaluated = upper

    def _guarded(self, evaluation: Callable[[], None]) -> None:
        # Whatever goes wrong with orders, the desk keeps its prices; each order's own transaction is whole or absent.
        try:
            evaluation()
        except Exception as error:
            self._complaint.raised(f"evaluation failed ({type(error).__name__})", error)
            connection.close()
        else:
            self._complaint.settled()
