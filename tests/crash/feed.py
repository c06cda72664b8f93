"""Simulated prices whose days pass in seconds: a market in its feed's time has days to settle while a test runs."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from time import monotonic

from quotes.feeds.base import Batches, Options, Wanted
from quotes.feeds.simulator import Simulator

FIRST = datetime(2024, 1, 1, tzinfo=UTC)


class FastDays(Simulator):
    """The desk's own simulator, stamped with a time that runs `days_per_second` times as fast, on from the last tick there is."""

    def __init__(self, options: Options, wanted: Sequence[Wanted]) -> None:
        super().__init__(options, wanted)
        self._since = max([FIRST, *(w.latest.time for w in wanted if w.latest)])
        self._day = timedelta(days=float(options["days_per_second"]))
        self._began = monotonic()

    def _due(self, now: float, at: datetime) -> Batches:
        return super()._due(now, self._since + (now - self._began) * self._day)
