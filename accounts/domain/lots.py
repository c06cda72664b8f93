"""Lots: their P&L and margin, which of them a close takes, and which it is charged as. Pure.

A close takes lots by the instrument's `close_order`; it is charged by its `fee_age`, which may differ (rules/futures.md §4). What is still chargeable at the
close-today rate is a pool: the lots opened on the booking day less the closes that were charged against them (`charged_today`), whichever lots those took.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from accounts.enums import PositionSide
from quotes.enums import LotChoice
from tradingdesk.kernel import money
from tradingdesk.kernel.money import ZERO


@dataclass(slots=True)
class LotState:
    """The open remainder of one opening fill; with quantity zero one that is closed, of which something may still be chargeable as today's."""

    id: int
    account_id: int
    instrument_id: int
    side: str
    opened_quantity: Decimal
    quantity: Decimal
    open_price: Decimal
    basis_price: Decimal
    margin: Decimal
    trading_day: date
    margin_group: str = ""
    charged_today: Decimal = ZERO

    @property
    def is_long(self) -> bool:
        return self.side == PositionSide.LONG

    def pnl(self, price: Decimal, quantity: Decimal, multiplier: Decimal) -> Decimal:
        """P&L of `quantity` lots from the basis to `price`, to the cent (rules/futures.md §2.2)."""
        move = price - self.basis_price if self.is_long else self.basis_price - price
        return money.cents_half_up(move * quantity * multiplier)

    def margin_share(self, quantity: Decimal) -> Decimal:
        """Margin that `quantity` lots give back; the last of them give back all that is left."""
        return self.margin if quantity == self.quantity else money.cents_down(self.margin * quantity / self.quantity)

    def chargeable(self, day: date) -> Decimal:
        """Closes that may still be charged at the close-today rate against this lot; none of a lot of another day."""
        return self.opened_quantity - self.charged_today if self.trading_day == day else ZERO


Parts = list[tuple[LotState, Decimal]]


def of(lots: Iterable[LotState], instrument_id: int, side: str) -> list[LotState]:
    """The lots of one position, oldest first."""
    return sorted((lot for lot in lots if lot.instrument_id == instrument_id and lot.side == side), key=lambda lot: lot.id)


def taken(lots: Iterable[LotState], quantity: Decimal, choice: str, day: date) -> Parts:
    """Which lots of a position a close takes on that trading day, and how much of each."""
    by_age = sorted(lots, key=lambda lot: (choice == LotChoice.TODAY_FIRST and lot.trading_day != day, lot.id))
    return _share_out(((lot, lot.quantity) for lot in by_age), quantity)


def taken_as_todays(lots: Iterable[LotState], quantity: Decimal, choice: str, day: date) -> Decimal:
    """How many of a close of `quantity` lots of a position are charged at the close-today rate; `lots` with those closed that day."""
    position = list(lots)
    pool = sum((lot.chargeable(day) for lot in position), ZERO)
    if choice == LotChoice.TODAY_FIRST:
        return min(quantity, pool)
    carried = sum((lot.quantity for lot in position), ZERO) - pool
    return max(quantity - carried, ZERO)


def charge(lots: Iterable[LotState], quantity: Decimal, day: date) -> list[LotState]:
    """Charges a close of `quantity` lots at the close-today rate against the oldest of that day's lots; those that changed."""
    parts = _share_out(((lot, lot.chargeable(day)) for lot in sorted(lots, key=lambda lot: lot.id)), quantity)
    for lot, part in parts:
        lot.charged_today += part
    return [lot for lot, _ in parts]


def _share_out(rooms: Iterable[tuple[LotState, Decimal]], quantity: Decimal) -> Parts:
    parts: Parts = []
    left = quantity
    for lot, room in rooms:
        if left and room > 0:
            part = min(left, room)
            parts.append((lot, part))
            left -= part
    assert not left, f"{left} lots more to close than are open"
    return parts
