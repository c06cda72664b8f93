"""Orders whose fill failed: said once each, tried again after pauses that double.

What they are owed is in the table (`taken_up` false), so a new process begins with it. Kept in memory is only when to try again, and the tick that met the
order, so that the ticks since need not be searched each time.
"""

import structlog

from orders.domain.resting import Due, Resting
from tradingdesk.kernel import sql
from tradingdesk.kernel.locks import command
from tradingdesk.kernel.pauses import Pauses

log = structlog.get_logger("orders")
GIVE_BACK = "UPDATE orders_order SET taken_up = false WHERE id = %s AND status IN ('WORKING', 'PARTIALLY_FILLED')"


class Setbacks:
    """Of this process. Each order belongs to one stream, so to one thread."""

    def __init__(self) -> None:
        self._due: dict[int, Due] = {}
        self._pauses = Pauses()

    def is_waiting(self, order_id: int) -> bool:
        """Whether it is too early to try again."""
        return self._pauses.is_waiting(order_id)

    def known(self, resting: Resting) -> Due | None:
        """The tick that met the order when its fill failed, unless the order has changed since."""
        due = self._due.get(resting.order_id)
        return due if due is not None and due.resting == resting else None

    def add(self, due: Due, error: Exception) -> None:
        """Sets the order aside, durably, and says so the first time."""
        order_id = due.resting.order_id
        _give_back(order_id)
        if order_id not in self._due:
            log.error("an order cannot be filled", order=order_id, tick=due.quote.seq, exc_info=error)
        self._due[order_id] = due
        self._pauses.begin(order_id)

    def settle(self, order_id: int) -> None:
        """Nothing is owed to the order any more."""
        if self._due.pop(order_id, None) is not None:
            self._pauses.forget(order_id)
            log.info("an order is no longer in trouble", order=order_id)


@command
def _give_back(order_id: int) -> None:
    sql.execute(GIVE_BACK, [order_id])
