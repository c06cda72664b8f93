"""Closing a position at market, however large: in as many orders as the largest allowed one demands, placed as one batch."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from accounts.models import Account, User
from orders.domain.order import OrderRequest, Outcome
from orders.enums import Side
from orders.services.intake import order_request
from orders.tickets import closing_order
from quotes.models import Instrument
from tradingdesk.kernel import money
from tradingdesk.kernel.errors import InvalidRequest
from tradingdesk.kernel.money import ZERO
from tradingdesk.kernel.templatetags import desk

MOST_ORDERS = 50  # of one Close; what is left needs another
LONGEST_ID = 60  # so that a suffix finds room in the 64 characters of a client order id


def closing_requests(user: User, account: Account, data: Mapping[str, str], request_id: str) -> list[OrderRequest]:
    """What the Close button asks for, in orders none of which is above the maximum; errors as of `order_request`."""
    whole = order_request(user, closing_order(data, account.number), source="page", request_id=request_id)
    instrument = Instrument.objects.get(pk=whole.instrument_id)
    limits = [m for m in (instrument.max_order_quantity, account.tier.max_order_quantity) if m is not None]
    return split(whole, min(limits), instrument.quantity_step) if limits else [whole]


def split(whole: OrderRequest, maximum: Decimal, step: Decimal) -> list[OrderRequest]:
    """Orders of at most `maximum`, on the step, with ids suffixed -1, -2 ...: pressed twice they are the same orders. The whole one where it is allowed."""
    largest = maximum - maximum % step
    if whole.quantity <= maximum or largest <= 0:
        return [whole]
    if len(whole.client_order_id) > LONGEST_ID:
        raise InvalidRequest(f"A client order id that is split may have {LONGEST_ID} characters.", field="client_order_id", maximum=LONGEST_ID)
    pieces: list[OrderRequest] = []
    left = whole.quantity
    while left > 0 and len(pieces) < MOST_ORDERS:
        quantity = min(left, largest)
        pieces.append(replace(whole, quantity=quantity, client_order_id=f"{whole.client_order_id}-{len(pieces) + 1}"))
        left -= quantity
    return pieces


def told(outcomes: Sequence[Outcome], side: str, symbol: str, asked: Decimal) -> dict[str, Any]:
    """One note about several orders: done, or refused with the first reason and what was closed all the same."""
    filled = sum((outcome.filled_quantity for outcome in outcomes), ZERO)
    value = sum(((o.average_price or ZERO) * o.filled_quantity for o in outcomes), ZERO)
    refused = next((outcome for outcome in outcomes if not outcome.filled_quantity), None)
    done = f"{'Bought' if side == Side.BUY else 'Sold'} {money.text(filled)} {symbol} in {len(outcomes)} orders" + (
        f" at {desk.figure(money.average(value / filled))} on average" if filled else ""
    )
    if refused is None and filled == asked:
        return {"kind": "done", "code": "", "message": done, "extra": {}}
    if refused is None:
        return {"kind": "done", "code": "", "message": f"{done}; {money.text(asked - filled)} are left: close again.", "extra": {}}
    message = f"{done}, of {money.text(asked)}. {refused.message}" if filled else refused.message
    return {"kind": "refused", "code": refused.reason, "message": message, "extra": refused.detail}
