"""Orders whose fill failed: said once each, tried again after pauses that double.

What they are owed is in the table (`taken_up` false), so a new process begins with it. Kept in memory is only when to try again, and the tick that met the
order, so that the ticks since need not be searched each time.
"""

from dataclasses import dataclass
from time import monotonic

import structlog

from orders.domain.resting import Due, Resting
from tradingdesk.kernel import sql
from tradingdesk.kernel.locks import command

log = structlog.get_logger("orders")
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 300.0
GIVE_BACK = "UPDATE orders_order SET taken_up = false WHERE id = %s AND status IN ('WORKING', 'PARTIALLY_FILLED')"


@dataclass(slots=True)
class Setback:
    """One order's: when to try again (monotonic), and how long after that."""

    due: Due
    again_at: float
    pause_seconds: float


class Setbacks:
    """Of this process. Each order belongs to one stream, so to one thread."""

    def __init__(self) -> None:
        self._setbacks: dict[int, Setback] = {}

    def is_waiting(self, order_id: int) -> bool:
        """Whether it is too early to try again."""
        setback = self._setbacks.get(order_id)
        return setback is not None and monotonic() < setback.again_at

    def known(self, resting: Resting) -> Due | None:
        """The tick that met the order when its fill failed, unless the order has changed since."""
        setback = self._setbacks.get(resting.order_id)
        return setback.due if setback is not None and setback.due.resting == resting else None

    def add(self, due: Due, error: Exception) -> None:
        """Sets the order aside, durably, and says so the first time."""
        _give_back(due.resting.order_id)
        earlier = self._setbacks.get(due.resting.order_id)
        if earlier is None:
            log.error("an order cannot be filled", order=due.resting.order_id, tick=due.quote.seq, exc_info=error)
        pause = min(earlier.pause_seconds * 2, LONGEST_PAUSE_SECONDS) if earlier else FIRST_PAUSE_SECONDS
        self._setbacks[due.resting.order_id] = Setback(due, monotonic() + pause, pause)

    def settle(self, order_id: int) -> None:
        """Nothing is owed to the order any more."""
        if self._setbacks.pop(order_id, None) is not None:
            log.info("an order is no longer in trouble", order=order_id)


@command
def _give_back(order_id: int) -> None:
    sql.execute(GIVE_BACK, [order_id])
