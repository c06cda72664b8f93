"""An account as it stands under its lock: money, lots, what closing orders have reserved. Pure; services read it and write what changed.

available = balance − frozen − margin − floating loss (rules/futures.md §5.1); what of the floating P&L counts is the tier's rule.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from accounts.enums import FloatingRule, PositionSide
from quotes.domain.dealing import Dealing, Quote
from tradingdesk.kernel import money
from tradingdesk.kernel.money import ZERO


@dataclass(slots=True)
class LotState:
    """The open remainder of one opening fill."""

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


@dataclass(slots=True)
class AccountState:
    """Amounts in the account's currency. `closing` is what open closing orders have reserved, per (instrument, side)."""

    id: int
    market_id: int
    currency: str
    status: str
    floating_rule: str
    margin_factor: Decimal
    max_order_quantity: Decimal | None
    max_position_quantity: Decimal | None
    clock: str
    priced_through: date | None
    settled_through: date | None
    balance: Decimal
    frozen_margin: Decimal
    frozen_fee: Decimal
    margin: Decimal
    version: int
    opened_at: datetime | None = None
    calendar_id: int | None = None  # of the market's trading days; None where nothing is listed
    own_time: datetime | None = None  # in a market off the wall clock: what its script, or the quotes of every instrument, have reached
    floating_loss: Decimal = ZERO
    lots: list[LotState] = field(default_factory=list)
    closing: dict[tuple[int, str], Decimal] = field(default_factory=dict)
    opening: dict[tuple[int, str], Decimal] = field(default_factory=dict)

    @property
    def frozen(self) -> Decimal:
        return self.frozen_margin + self.frozen_fee

    def position(self, instrument_id: int, side: str) -> Decimal:
        """Open lots of one side."""
        return sum((lot.quantity for lot in self.lots if lot.instrument_id == instrument_id and lot.side == side), ZERO)

    def closable(self, instrument_id: int, side: str) -> Decimal:
        """Open lots that no closing order has reserved (rules/futures.md §4)."""
        return self.position(instrument_id, side) - self.closing.get((instrument_id, side), ZERO)

    def committed(self, instrument_id: int, side: str) -> Decimal:
        """Open lots and what open opening orders may add: what position limits count."""
        return self.position(instrument_id, side) + self.opening.get((instrument_id, side), ZERO)

    def reserve(self, instrument_id: int, side: str, quantity: Decimal, *, is_closing: bool) -> None:
        """An open order takes (or, with a negative quantity, gives back) its claim on a position."""
        claims = self.closing if is_closing else self.opening
        claims[instrument_id, side] = claims.get((instrument_id, side), ZERO) + quantity

    def revalue(self, dealings: Mapping[tuple[int, int], Dealing]) -> None:
        """Recomputes `floating_loss` (negative where profits count) from the quotes in force; a lot without a quote counts at its basis."""
        self.floating_loss = -counted(equity_of(self, dealings) - self.balance, self.floating_rule)

    def available(self) -> Decimal:
        """What may be frozen; negative is a call."""
        return self.balance - self.frozen - self.margin - self.floating_loss


def equity_of(state: AccountState, dealings: Mapping[tuple[int, int], Dealing]) -> Decimal:
    """Balance and the whole unrealised P&L, whatever of it counts in available."""
    return state.balance + floating(state.lots, {d.instrument_id: d for (market_id, _), d in dealings.items() if market_id == state.market_id})


def floating(lots: Iterable[LotState], dealings: Mapping[int, Dealing]) -> Decimal:
    """Unrealised P&L of the lots at their marks, rounded per lot as it would be if closed."""
    total = ZERO
    for lot in lots:
        dealing = dealings.get(lot.instrument_id)
        if dealing is not None and dealing.quote is not None:
            total += lot.pnl(dealing.quote.mark(lot.is_long), lot.quantity, dealing.multiplier)
    return total


def counted(total: Decimal, rule: str) -> Decimal:
    """The part of the floating P&L that counts in available (rules/futures.md §5.1, algorithms 1–4)."""
    match rule:
        case FloatingRule.ALL:
            return total
        case FloatingRule.GAINS_ONLY:
            return max(total, ZERO)
        case FloatingRule.NONE:
            return ZERO
        case _:
            return min(total, ZERO)


def margin_level(equity: Decimal, margin: Decimal) -> Decimal | None:
    """Equity ÷ margin in per cent, two decimals half up; none without margin."""
    return money.cents_half_up(equity * 100 / margin) if margin else None


def fifo(lots: Iterable[LotState], instrument_id: int, side: str, quantity: Decimal) -> list[tuple[LotState, Decimal]]:
    """Which lots a close consumes, oldest first, and how much of each."""
    parts: list[tuple[LotState, Decimal]] = []
    left = quantity
    for lot in sorted(lots, key=lambda item: item.id):
        if left and lot.instrument_id == instrument_id and lot.side == side and lot.quantity:
            take = min(left, lot.quantity)
            parts.append((lot, take))
            left -= take
    assert not left, f"{left} lots more to close than are open"
    return parts


def mark_of(lot: LotState, quote: Quote | None) -> Decimal:
    """The price a lot is valued at now."""
    return quote.mark(lot.is_long) if quote else lot.basis_price
