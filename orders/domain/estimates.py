"""What an order would freeze and cost, before it is sent. Pure; the order itself is measured again under the account's lock."""

from dataclasses import dataclass
from decimal import Decimal

from quotes.domain.dealing import Dealing, Rates
from tradingdesk.kernel import money
from tradingdesk.kernel.money import ZERO


@dataclass(frozen=True, slots=True)
class Estimate:
    """In the instrument's currency; `fee` of a close is at the rate for older lots (the fill decides per lot)."""

    price: Decimal
    notional: Decimal
    margin: Decimal
    fee: Decimal
    tick_value: Decimal

    @property
    def required(self) -> Decimal:
        return self.margin + self.fee


def estimate(dealing: Dealing, rates: Rates, *, price: Decimal, quantity: Decimal, is_closing: bool) -> Estimate:
    """Margin and fee of `quantity` lots at `price` (rules/futures.md §4, §5.2)."""
    fee = rates.closing_fee(price, quantity, opened_today=False) if is_closing else rates.opening_fee(price, quantity)
    return Estimate(
        price=price,
        notional=money.cents_half_up(price * quantity * dealing.multiplier),
        margin=ZERO if is_closing else rates.margin(dealing.margin_price(price), quantity),
        fee=money.cents_half_up(fee),
        tick_value=money.cents_half_up(dealing.tick_size * dealing.multiplier * quantity),
    )
