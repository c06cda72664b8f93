"""What the clerk writes down: ticks, lots, orders, accounts. An account keeps no totals: they are added up from its lots, orders and postings."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction

from tests.proofs.terms import ZERO, Rates, up

RESTING = ("WORKING", "PARTIALLY_FILLED")


@dataclass
class Tick:
    seq: int
    time: datetime
    day: date
    bid: Fraction
    ask: Fraction
    flag: int
    received_at: datetime
    trades_for: date  # the first day that was not priced when it came: an account settled through that day stands at its settlement price


@dataclass
class Lot:
    is_long: bool
    quantity: Fraction
    open_price: Fraction
    basis: Fraction  # what P&L runs from
    margin: Fraction
    day: date


@dataclass(frozen=True)
class Wish:
    """An order as it is asked for."""

    account: int
    name: str  # its client order id
    is_buy: bool
    is_closing: bool
    quantity: Fraction
    limit: Fraction | None
    time_in_force: str

    @property
    def is_long(self) -> bool:
        """Of the lots it opens or closes."""
        return self.is_buy != self.is_closing


@dataclass
class Order:
    wish: Wish
    day: date
    rates: Rates
    seen: int  # the newest tick it was compared with
    status: str = "PLACED"
    reason: str = ""
    filled: Fraction = ZERO
    value: Fraction = ZERO
    fees: Fraction = ZERO
    pnl: Fraction = ZERO
    frozen_margin: Fraction = ZERO
    frozen_fee: Fraction = ZERO
    gross_margin: Fraction = ZERO  # what all its lots are margined at by themselves
    steps: list[str] = field(default_factory=list)

    @property
    def leaves(self) -> Fraction:
        return self.wish.quantity - self.filled

    @property
    def rests(self) -> bool:
        return self.status in RESTING

    @property
    def pending(self) -> Fraction:
        """What the part that is still open would occupy by itself."""
        if not self.rests or self.wish.is_closing:
            return ZERO
        return self.gross_margin if not self.filled else up(self.gross_margin * self.leaves / self.wish.quantity)

    def meets(self, tick: Tick) -> Fraction | None:
        """The price the house deals at, if it deals."""
        price, limit = (tick.ask if self.wish.is_buy else tick.bid), self.wish.limit
        if limit is None or (price <= limit if self.wish.is_buy else price >= limit):
            return price
        return None

    def ends(self, status: str, reason: str = "") -> None:
        self.status, self.reason = status, reason
        self.frozen_margin = self.frozen_fee = ZERO
        self.steps.append(status)


@dataclass
class Account:
    number: int
    opened_on: date
    is_charged_by_larger_side: bool
    settled: date | None = None
    version: int = 0
    lots: list[Lot] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    postings: list[tuple[str, date, Fraction]] = field(default_factory=list)
    days: dict[date, dict[str, Fraction]] = field(default_factory=dict)
    opened: defaultdict[tuple[bool, date], Fraction] = field(default_factory=lambda: defaultdict(Fraction))  # lots of a side on a day
    charged: defaultdict[tuple[bool, date], Fraction] = field(
        default_factory=lambda: defaultdict(Fraction)
    )  # closes of that day charged at its close-today rate

    @property
    def balance(self) -> Fraction:
        return sum((amount for _, _, amount in self.postings), ZERO)

    @property
    def margin(self) -> Fraction:
        return self.charge([(lot.is_long, lot.margin) for lot in self.lots])

    def charge(self, margins: Sequence[tuple[bool, Fraction]]) -> Fraction:
        """What lots of these sides and margins occupy together."""
        long, short = (sum((margin for is_long, margin in margins if is_long == side), ZERO) for side in (True, False))
        return max(long, short) if self.is_charged_by_larger_side else long + short

    @property
    def frozen(self) -> Fraction:
        return sum((order.frozen_margin + order.frozen_fee for order in self.orders), ZERO)

    def held(self, is_long: bool) -> Fraction:
        return sum((lot.quantity for lot in self.lots if lot.is_long == is_long), ZERO)

    def claimed(self, is_long: bool, is_closing: bool) -> Fraction:
        """What resting orders may still open, or still close."""
        resting = (o for o in self.orders if o.rests and (o.wish.is_long, o.wish.is_closing) == (is_long, is_closing))
        return sum((order.leaves for order in resting), ZERO)
