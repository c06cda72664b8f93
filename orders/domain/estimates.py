"""What an order freezes and costs. Pure: asked before it is sent, and again under the account's lock when it is placed."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from accounts.domain.lots import taken_as_todays
from accounts.domain.state import AccountState
from orders.domain.order import Reservation
from quotes.domain.dealing import Dealing, Rates
from tradingdesk.kernel import money
from tradingdesk.kernel.money import ZERO


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: `side` is that of the position it opens or closes, `day` the trading day it belongs to."""

    side: str
    is_closing: bool
    price: Decimal
    quantity: Decimal
    day: date


@dataclass(frozen=True, slots=True)
class Estimate:
    """In the instrument's currency; of a product that is charged by its larger side `margin` is what the order adds to the charge. `at_once`: how many
    lots of it the dealer gives at one quote.
    """

    price: Decimal
    notional: Decimal
    margin: Decimal
    fee: Decimal
    tick_value: Decimal
    at_once: Decimal

    @property
    def required(self) -> Decimal:
        return self.margin + self.fee


def reserve(asked: Asked, state: AccountState, dealing: Dealing, rates: Rates) -> Reservation:
    """Margin and fee of an order (rules/futures.md §4, §5.2–§5.4). Closing orders freeze no margin; their fee is by what they would be charged as now."""
    if asked.is_closing:
        return Reservation(fee=money.cents_half_up(_closing_fee(asked, state, dealing, rates)))
    gross = rates.margin(dealing.margin_price(asked.price), asked.quantity)
    fee = money.cents_half_up(rates.opening_fee(asked.price, asked.quantity))
    return Reservation(state.margin_to_freeze(rates.margin_group, asked.side, gross), fee, gross)


def estimate(asked: Asked, state: AccountState, dealing: Dealing, rates: Rates) -> Estimate:
    """What the ticket shows of it."""
    reserved = reserve(asked, state, dealing, rates)
    return Estimate(
        price=asked.price,
        notional=money.cents_half_up(asked.price * asked.quantity * dealing.multiplier),
        margin=reserved.margin,
        fee=reserved.fee,
        tick_value=money.cents_half_up(dealing.tick_size * dealing.multiplier * asked.quantity),
        at_once=asked.quantity if dealing.lots_per_quote is None else min(asked.quantity, dealing.lots_per_quote),
    )


def _closing_fee(asked: Asked, state: AccountState, dealing: Dealing, rates: Rates) -> Decimal:
    # Of more than is open only that: the checks refuse the rest, whatever the fee.
    position = state.position_lots(dealing.instrument_id, asked.side)
    quantity = min(asked.quantity, sum((lot.quantity for lot in position), ZERO))
    todays = taken_as_todays(position, quantity, dealing.fee_age, asked.day)
    return rates.closing_fee(asked.price, quantity - todays, todays)
