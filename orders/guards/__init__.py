"""What PostgreSQL refuses of orders: a status outside the transition table; a step out of order, skipped, repeated, back-dated or after the end; a freeze
of no placed order; a fill of no open order, or without its freeze, journal, lot change and five steps; a lot that differs from its fill; an order half way.

The facts are written in the order of the sequence and the events last, so the events' guard is where an order's whole state is compared with its log.
"""

from orders.domain.transitions import ORDER
from orders.guards import fills, log, lots, whole
from orders.models import Order
from tradingdesk.kernel.guards import born_empty_sql


def statements() -> list[str]:
    """Generated from the Python tables; a test compares the two."""
    return [
        *ORDER.guard_sql("orders_order"),
        born_empty_sql("orders_order", Order.derived_fields),
        *fills.statements(),
        *lots.statements(),
        *log.statements(),
        *whole.statements(),
    ]
