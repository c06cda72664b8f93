"""Deals that were agreed outside the market (by phone, by script) and are booked here: at their own price and, if need be, fee, against the house.

They go through `place_orders` like every order, the whole sequence; only what concerns the quote (session, freshness, tick, price range) is not asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from orders.domain.order import Agreed, OrderRequest, Outcome
from orders.enums import Effect, OrderType, Side, TimeInForce
from orders.services.placement import place_orders
from tradingdesk.kernel import money
from tradingdesk.kernel.errors import InvalidRequest


@dataclass(frozen=True, slots=True)
class DealRequest:
    """One deal. `fee` in the account's currency replaces the schedule's; None: as scheduled. An id that was used before is the same deal."""

    account_id: int
    instrument_id: int
    side: Side
    effect: Effect
    quantity: Decimal
    price: Decimal
    client_order_id: str
    fee: Decimal | None = None
    actor_id: int | None = None
    request_id: str = ""
    source: str = "desk"


def book_deals(deals: Sequence[DealRequest]) -> list[Outcome]:
    """Books deals in one batch; one outcome each, in order. A deal that the account cannot bear is DENIED, as any order.

    Raises InvalidRequest (a price or fee that is none), and what `place_orders` raises.
    """
    for deal in deals:
        _check(deal)
    return place_orders([_order(deal) for deal in deals])


def _check(deal: DealRequest) -> None:
    if not (deal.price.is_finite() and deal.price > 0):
        raise InvalidRequest("A deal's price must be above zero.", field="price", value=str(deal.price))
    if deal.fee is not None and (not deal.fee.is_finite() or deal.fee < 0 or deal.fee != money.cents_half_up(deal.fee)):
        raise InvalidRequest("A deal's fee must be whole cents, not below zero.", field="fee", value=str(deal.fee))


def _order(deal: DealRequest) -> OrderRequest:
    return OrderRequest(
        account_id=deal.account_id,
        instrument_id=deal.instrument_id,
        side=deal.side,
        quantity=deal.quantity,
        type=OrderType.LIMIT,
        client_order_id=deal.client_order_id,
        time_in_force=TimeInForce.IOC,
        limit_price=deal.price,
        effect=deal.effect,
        agreed=Agreed(deal.price, deal.fee),
        actor_id=deal.actor_id,
        source=deal.source,
        request_id=deal.request_id,
    )
