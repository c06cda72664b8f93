"""An account as it stands under its lock: money, lots, what closing orders have reserved. Pure; services read it and write what changed.

available = balance − frozen − margin − floating loss (rules/futures.md §5.1); what of the floating P&L counts is the tier's rule. `margin` is what the lots
are charged together, each product that is charged by its larger side by that alone (`accounts.domain.margins`).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from accounts.domain import lots as positions
from accounts.domain.lots import LotState
from accounts.domain.margins import Margined, charged, increment
from accounts.enums import DeficitRule, FloatingRule, VariationCall
from quotes.domain.dealing import Dealing
from tradingdesk.kernel import money
from tradingdesk.kernel.money import ZERO


@dataclass(slots=True)
class AccountState:
    """Amounts in the account's currency. `closing` and `opening` are what open orders have reserved, per (instrument, side); `pending` what opening orders
    would occupy by themselves, per (margin group, side), where a product is charged by its larger side. `closed_lots`: closed today, of which something is
    still chargeable at the close-today rate.
    """

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
    deficit: str = DeficitRule.OWED
    variation_call: str = VariationCall.NONE
    unrealised: Decimal = ZERO
    floating_loss: Decimal = ZERO
    lots: list[LotState] = field(default_factory=list)
    closed_lots: list[LotState] = field(default_factory=list)
    closing: dict[tuple[int, str], Decimal] = field(default_factory=dict)
    opening: dict[tuple[int, str], Decimal] = field(default_factory=dict)
    pending: dict[tuple[str, str], Decimal] = field(default_factory=dict)

    @property
    def frozen(self) -> Decimal:
        return self.frozen_margin + self.frozen_fee

    @property
    def equity(self) -> Decimal:
        """Balance and the whole unrealised P&L, whatever of it counts in available."""
        return self.balance + self.unrealised

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

    def add_lot(self, lot: LotState) -> None:
        """A lot that was opened: the account is charged for it."""
        self.lots.append(lot)
        self.charge_margin()

    def part_with_closed_lots(self, day: date) -> None:
        """Lots were closed on that trading day: only what of them may still be charged as today's is kept, and the account is charged for the open ones."""
        self.closed_lots = [lot for lot in (*self.closed_lots, *self.lots) if not lot.quantity and lot.chargeable(day)]
        self.lots = [lot for lot in self.lots if lot.quantity]
        self.charge_margin()

    def charge_margin(self) -> None:
        """Recomputes `margin` from the lots as they are; whatever opens, closes or settles one ends with this."""
        self.margin = charged(_margined(self.lots))

    def pend(self, group: str, side: str, gross_margin: Decimal) -> None:
        """An opening order would occupy so much by itself (a negative amount: no more); without a margin group nobody asks."""
        if group:
            self.pending[group, side] = self.pending.get((group, side), ZERO) + gross_margin

    def margin_to_freeze(self, group: str, side: str, gross_margin: Decimal) -> Decimal:
        """What an opening order freezes: by how much it raises the charge of all lots and pending opening orders (rules/futures.md §5.3, §5.4)."""
        if not group:
            return gross_margin
        pending = [(*key, margin) for key, margin in self.pending.items()]
        return increment([*_margined(self.lots), *pending], (group, side, gross_margin))

    def position_lots(self, instrument_id: int, side: str) -> list[LotState]:
        """The open lots of a position, and those closed today that still count for the fee."""
        return positions.of([*self.lots, *self.closed_lots], instrument_id, side)

    def revalue(self, dealings: Mapping[tuple[int, int], Dealing]) -> None:
        """Recomputes `unrealised` from the quotes in force, and what of it counts (`floating_loss`, negative where profits do)."""
        mine = {d.instrument_id: d for (market_id, _), d in dealings.items() if market_id == self.market_id}
        self.unrealised = floating(self.lots, mine, self.settled_through)
        self.floating_loss = -counted(self.unrealised, self.floating_rule)

    def available(self) -> Decimal:
        """What may be frozen; negative is a call."""
        return self.balance - self.frozen - self.margin - self.floating_loss

    def withdrawable(self) -> Decimal:
        """What may be paid out: available, and never unrealised profit (rules/futures.md §12); not below zero."""
        paid_in = self.balance - self.frozen - self.margin + min(self.unrealised, ZERO)
        return max(min(self.available(), paid_in), ZERO)


def _margined(lots: Iterable[LotState]) -> Iterator[Margined]:
    return ((lot.margin_group, lot.side, lot.margin) for lot in lots)


def mark_of(lot: LotState, dealing: Dealing | None, settled_through: date | None) -> Decimal:
    """The price a lot is valued at now: the side it would close at, or its basis before the first quote since it was settled."""
    mark = dealing.mark(is_long=lot.is_long, settled_through=settled_through) if dealing else None
    return lot.basis_price if mark is None else mark


def floating(lots: Iterable[LotState], dealings: Mapping[int, Dealing], settled_through: date | None) -> Decimal:
    """Unrealised P&L of the lots at their marks, rounded per lot as it would be if closed."""
    total = ZERO
    for lot in lots:
        dealing = dealings.get(lot.instrument_id)
        if dealing is not None:
            total += lot.pnl(mark_of(lot, dealing, settled_through), lot.quantity, dealing.multiplier)
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
