"""What it takes to deal in one instrument of one market: contract terms, dated schedules, the quote in force. Pure values."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from quotes.enums import MarginBasis
from tradingdesk.kernel import money

CLOCKS_DIFFER_SECONDS = 1  # machines whose clocks are kept by NTP differ by milliseconds; a quote from further ahead says that a clock was set back
STORED = "stored"  # the source of a tick that was read back: which feed or file it came from is not kept with each tick


@dataclass(frozen=True, slots=True)
class Quote:
    """A clean tick: what the dealer buys at (bid) and sells at (ask). `source`: the feed that has just delivered it, `import`, or STORED."""

    seq: int
    time: datetime
    bid: Decimal
    ask: Decimal
    source: str
    received_at: datetime

    def age_seconds(self, wall_time: datetime) -> float:
        """Since it came in; below zero when the clock has been set back meanwhile."""
        return (wall_time - self.received_at).total_seconds()

    def mark(self, is_long: bool) -> Decimal:
        """The side a position would close at."""
        return self.bid if is_long else self.ask


def is_fresh(age_seconds: float, maximum_seconds: int) -> bool:
    """Whether a quote of this age may be dealt on. One from the future is of an unknown age: it would be fresh for as long as the clock was set back."""
    return -CLOCKS_DIFFER_SECONDS <= age_seconds <= maximum_seconds


@dataclass(frozen=True, slots=True)
class Rates:
    """Fees and margin of one trading day, per lot and as a share of turnover; copied onto an order when it is placed.

    `margin_group`: the product whose larger side is charged (rules/futures.md §5.4), empty where both sides are; what the order opens belongs to it.
    """

    multiplier: Decimal
    margin_rate: Decimal = Decimal(0)
    margin_per_lot: Decimal = Decimal(0)
    open_per_lot: Decimal = Decimal(0)
    open_rate: Decimal = Decimal(0)
    close_per_lot: Decimal = Decimal(0)
    close_rate: Decimal = Decimal(0)
    close_today_per_lot: Decimal = Decimal(0)
    close_today_rate: Decimal = Decimal(0)
    overnight_per_lot: Decimal = Decimal(0)
    maintenance_per_lot: Decimal = Decimal(0)
    margin_group: str = ""

    def margin(self, price: Decimal, quantity: Decimal) -> Decimal:
        """Margin of `quantity` lots at `price` (rules/futures.md §2.3, §5.2), in cents, rounded up."""
        return money.cents_up((price * self.multiplier * self.margin_rate + self.margin_per_lot) * quantity)

    def maintenance(self, quantity: Decimal) -> Decimal:
        """What must be left of the margin of `quantity` lots at settlement (rules/futures.md §2.5), in cents, rounded up."""
        return money.cents_up(self.maintenance_per_lot * quantity)

    def opening_fee(self, price: Decimal, quantity: Decimal) -> Decimal:
        """Fee = lots × (per lot + rate × price × multiplier), exact: the caller rounds once per fill (rules/futures.md §4)."""
        return quantity * (self.open_per_lot + self.open_rate * price * self.multiplier)

    def closing_fee(self, price: Decimal, carried: Decimal, todays: Decimal) -> Decimal:
        """The same for closing `carried` lots at the close rates and `todays` at the close-today rates."""
        value = price * self.multiplier
        return carried * (self.close_per_lot + self.close_rate * value) + todays * (self.close_today_per_lot + self.close_today_rate * value)

    def as_json(self) -> dict[str, str]:
        """As text, for the order's own copy."""
        return {name: str(getattr(self, name)) for name in self.__slots__}

    @classmethod
    def from_json(cls, data: dict[str, str]) -> "Rates":
        """The copy an order carries; what was not kept yet when it was placed has its default."""
        return cls(**{name: value if name == "margin_group" else Decimal(value) for name, value in data.items()})  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Schedule:
    """Rates that hold from a trading day on, fees or margin; `values` are named as in Rates."""

    effective_from: date
    values: tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Tape:
    """The trading day of the newest quote, as the feed told it: its last trade, or the middle of the quote before the first; lots, and the sum of
    price × lots.
    """

    last: Decimal | None = None
    volume: Decimal = Decimal(0)
    turnover: Decimal = Decimal(0)

    @property
    def average(self) -> Decimal | None:
        """Turnover ÷ volume; None before the first trade whose size is known."""
        return money.average_down(self.turnover, self.volume) if self.volume else None


@dataclass(frozen=True, slots=True)
class Dealing:
    """One instrument in one market. `quote` is None before the first clean tick.

    `quote_day` is the trading day the quote belongs to: the calendar's, or a later one where the quote came after that day's settlement price was fixed
    (as bookings do). `priced_through`: the last trading day whose settlement prices are fixed.
    """

    market_id: int
    instrument_id: int
    symbol: str
    currency: str
    is_active: bool
    calendar_id: int
    max_quote_age_seconds: int
    multiplier: Decimal
    tick_size: Decimal
    quantity_step: Decimal
    max_order_quantity: Decimal | None
    product: str
    margin_basis: str
    close_order: str
    fee_age: str
    priced_through: date | None
    previous_settlement: Decimal | None
    fees: tuple[Schedule, ...]  # newest first
    margins: tuple[Schedule, ...]  # newest first
    quote: Quote | None
    quote_day: date | None = None
    tape: Tape = Tape()
    quote_quantity: Decimal | None = None

    @property
    def lots_per_quote(self) -> Decimal | None:
        """The most lots an order gets of one quote, on the quantity step; None: any number."""
        if self.quote_quantity is None or not self.quantity_step:
            return self.quote_quantity
        return self.quote_quantity - self.quote_quantity % self.quantity_step

    def rates_on(self, day: date, margin_factor: Decimal = Decimal(1)) -> Rates:
        """The rates in force on a trading day, margin multiplied by the tier's factor."""
        values: dict[str, Decimal] = {"multiplier": self.multiplier}
        for schedules in (self.fees, self.margins):
            found = next((s for s in schedules if s.effective_from <= day), None)
            values |= dict(found.values) if found else {}
        for name in ("margin_rate", "margin_per_lot", "maintenance_per_lot"):
            values[name] = values.get(name, Decimal(0)) * margin_factor
        is_larger_side = values.pop("is_larger_side", Decimal(0))
        return Rates(**values, margin_group=self.product if is_larger_side else "")  # type: ignore[arg-type]

    def margin_price(self, price: Decimal) -> Decimal:
        """The price margin is computed at now (rules/futures.md §5.2): what the basis says, as far as it is known; else the order's or fill's own."""
        match self.margin_basis:
            case MarginBasis.PREVIOUS_SETTLEMENT:
                basis = self.previous_settlement
            case MarginBasis.LAST:
                basis = self._last_price()
            case MarginBasis.AVERAGE:
                basis = self._average_price()
            case _:
                basis = None
        return price if basis is None else basis

    def mark(self, *, is_long: bool, settled_through: date | None) -> Decimal | None:
        """What values a position of an account that is settled through that day: the side it would close at.

        None before the first quote of a later day: until then its lots stand at their basis, the settlement price.
        """
        if self.quote is None or not _is_after(self.quote_day, settled_through):
            return None
        return self.quote.mark(is_long)

    def _last_price(self) -> Decimal | None:
        last = self.tape.last if _is_after(self.quote_day, self.priced_through) else None
        return self.previous_settlement if last is None else last

    def _average_price(self) -> Decimal | None:
        average = self.tape.average if _is_after(self.quote_day, self.priced_through) else None
        return self._last_price() if average is None else average


def _is_after(day: date | None, closed: date | None) -> bool:
    return closed is None or (day is not None and day > closed)
