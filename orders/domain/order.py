"""What is asked for, an order while it is being worked on, and what came of it. Pure values."""

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from accounts.domain.margins import open_share
from accounts.enums import PositionSide
from orders.domain.transitions import ORDER
from orders.enums import Effect, OrderAction, OrderStatus, OrderType, Reason, Side
from quotes.domain.dealing import Rates
from tradingdesk.kernel import money
from tradingdesk.kernel.money import ZERO


@dataclass(frozen=True, slots=True)
class Agreed:
    """Terms that were agreed outside the market: the price dealt at, and the fee where it is not the schedule's."""

    price: Decimal
    fee: Decimal | None = None


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """One order as asked for. Actor, source, reason and request id travel on the request, not on the batch."""

    account_id: int
    instrument_id: int
    side: Side
    quantity: Decimal
    type: OrderType
    client_order_id: str
    time_in_force: str
    limit_price: Decimal | None = None
    effect: Effect = Effect.OPEN
    agreed: Agreed | None = None
    actor_id: int | None = None
    source: str = "api"
    request_id: str = ""

    @property
    def fingerprint(self) -> str:
        """Hash of the content: the same client order id with another fingerprint is another order."""
        content = [self.instrument_id, self.side, self.type, self.time_in_force, self.effect, money.text(self.quantity), money.text(self.limit_price)]
        if self.agreed:
            content += [money.text(self.agreed.price), money.text(self.agreed.fee)]
        return hashlib.sha256("|".join(map(str, content)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Denial:
    """Why a check refused, with the numbers it looked at."""

    reason: Reason
    message: str
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reservation:
    """What an order freezes. `gross_margin` is what its lots are margined at by themselves; of a product that is charged by its larger side `margin` is only
    what they add to the charge (rules/futures.md §5.4). Nothing of it follows later events: only fills capture it, and its end releases it.
    """

    margin: Decimal = ZERO
    fee: Decimal = ZERO
    gross_margin: Decimal = ZERO


@dataclass(slots=True)
class WorkingOrder:
    """An order on its way through the pipeline; `status` moves by the transition table alone."""

    id: int
    account_id: int
    market_id: int
    instrument_id: int
    side: str
    effect: str
    type: str
    time_in_force: str
    quantity: Decimal
    limit_price: Decimal | None
    status: str
    filled_quantity: Decimal
    filled_value: Decimal
    realised_pnl: Decimal
    fees: Decimal
    checked_seq: int
    trading_day: date | None
    rates: Rates
    actor_id: int | None
    request_id: str
    reason: str = ""
    detail: dict[str, Any] = field(default_factory=dict)
    taken_up: bool = False
    ended_at: datetime | None = None

    @property
    def leaves(self) -> Decimal:
        return self.quantity - self.filled_quantity

    @property
    def is_buy(self) -> bool:
        return self.side == Side.BUY

    @property
    def is_closing(self) -> bool:
        return self.effect == Effect.CLOSE

    @property
    def position_side(self) -> str:
        return position_side(is_buy=self.is_buy, is_closing=self.is_closing)

    def apply(self, action: OrderAction) -> None:
        """Moves the status along the table; raises InvalidTransition where it has no row."""
        self.status = ORDER.next_status(self.status, action)


@dataclass(slots=True)
class FreezeState:
    """A freeze while it is being captured or released. `gross_margin` and `margin_group` as in accounts.Freeze."""

    order_id: int
    quantity: Decimal
    margin: Decimal
    fee: Decimal
    captured_quantity: Decimal = ZERO
    captured_margin: Decimal = ZERO
    captured_fee: Decimal = ZERO
    released_quantity: Decimal = ZERO
    released_margin: Decimal = ZERO
    released_fee: Decimal = ZERO
    gross_margin: Decimal = ZERO
    margin_group: str = ""

    @property
    def open_quantity(self) -> Decimal:
        return self.quantity - self.captured_quantity - self.released_quantity

    @property
    def open_margin(self) -> Decimal:
        return self.margin - self.captured_margin - self.released_margin

    @property
    def open_fee(self) -> Decimal:
        return self.fee - self.captured_fee - self.released_fee

    @property
    def open_gross_margin(self) -> Decimal:
        """What is still open of it would occupy so much by itself."""
        return open_share(self.gross_margin, self.open_quantity, self.quantity)

    @property
    def is_resolved(self) -> bool:
        return self.open_quantity == 0

    def capture(self, quantity: Decimal) -> tuple[Decimal, Decimal]:
        """Takes the share of `quantity` out of what is open, pro rata to the cent; the last share takes all that is left. Margin and fee taken."""
        margin, fee = self._share(self.open_margin, quantity), self._share(self.open_fee, quantity)
        self.captured_quantity += quantity
        self.captured_margin += margin
        self.captured_fee += fee
        return margin, fee

    def release(self) -> tuple[Decimal, Decimal]:
        """Gives back all that is open; margin and fee given back."""
        margin, fee, quantity = self.open_margin, self.open_fee, self.open_quantity
        self.released_quantity += quantity
        self.released_margin += margin
        self.released_fee += fee
        return margin, fee

    def _share(self, amount: Decimal, quantity: Decimal) -> Decimal:
        return amount if quantity == self.open_quantity else money.cents_down(amount * quantity / self.open_quantity)


def position_side(*, is_buy: bool, is_closing: bool) -> PositionSide:
    """The side of the position an order opens, or of the one it closes: buying opens a long or closes a short."""
    return PositionSide.LONG if is_buy != is_closing else PositionSide.SHORT


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one request. `replayed`: the same client order id and content had been placed before; this is its state now.

    Without an `order_id` nothing is stored: the id was used for another order (DENIED), or the order could not be written down (no status at all).
    """

    account_id: int
    client_order_id: str
    order_id: int | None
    status: str
    quantity: Decimal
    filled_quantity: Decimal = ZERO
    average_price: Decimal | None = None
    reason: str = ""
    message: str = ""
    detail: dict[str, Any] = field(default_factory=dict)
    replayed: bool = False

    @property
    def is_denied(self) -> bool:
        return self.status == OrderStatus.DENIED

    @property
    def is_recorded(self) -> bool:
        return self.reason != Reason.NOT_RECORDED

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready; numbers as text."""
        return {
            "order_id": self.order_id,
            "client_order_id": self.client_order_id,
            "status": self.status or None,
            "quantity": money.text(self.quantity),
            "filled_quantity": money.text(self.filled_quantity),
            "average_price": money.text(money.average(self.average_price)),
            "reason": self.reason or None,
            "message": self.message,
            "detail": self.detail,
            "replayed": self.replayed,
        }
