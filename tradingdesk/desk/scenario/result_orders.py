"""The orders of a result: what became of each, what it froze, and every step it went."""

from collections.abc import Mapping
from typing import Any

from accounts.models import Freeze
from orders.domain.transitions import RESTING
from orders.enums import OrderStatus
from orders.models import Order, OrderEvent
from tradingdesk.kernel import money
from tradingdesk.kernel.money import ZERO


def orders_of(names: Mapping[str, int]) -> dict[str, Any]:
    """By their names in the file, in the order they were placed in."""
    orders = Order.objects.in_bulk(names.values())
    freezes = {freeze.order_id: freeze for freeze in Freeze.objects.filter(order_id__in=orders)}
    events: dict[int, list[str]] = {order_id: [] for order_id in orders}
    for order_id, step in OrderEvent.objects.filter(order_id__in=orders).order_by("id").values_list("order_id", "step"):
        events[order_id].append(step)
    return {name: _order(orders[order_id], freezes.get(order_id)) | {"events": events[order_id]} for name, order_id in names.items()}


def _order(order: Order, freeze: Freeze | None) -> dict[str, Any]:
    is_resting = order.status in RESTING
    moved_nothing = is_resting or order.status == OrderStatus.DENIED
    return {
        "status": order.status,
        "qty": money.text(order.quantity),
        "filled_qty": money.text(order.filled_quantity),
        "remaining_qty": money.text(order.leaves_quantity if is_resting else ZERO),
        "cancelled_qty": money.text(ZERO if moved_nothing else order.leaves_quantity),
        "average_price": money.text(money.average(order.average_price)),
        "reason": order.reason or None,
        "freeze": _freeze(freeze or Freeze(margin=ZERO, fee=ZERO)),
    }


def _freeze(freeze: Freeze) -> dict[str, Any]:
    # Captured and released are sums of margin and fee.
    return {
        "margin": money.text(freeze.margin),
        "fee": money.text(freeze.fee),
        "captured": money.text(freeze.captured_margin + freeze.captured_fee),
        "released": money.text(freeze.released_margin + freeze.released_fee),
    }
