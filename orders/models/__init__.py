"""Orders, their fills and their event log."""

from orders.models.event import OrderEvent
from orders.models.fill import Fill
from orders.models.order import Order

__all__ = ["Fill", "Order", "OrderEvent"]
