"""What it takes to deal in one instrument of one market: contract terms, dated schedules, the quote in force. Pure values."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tradingdesk.kernel import money

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

    def mark(self, is_long: bool) -> Decimal:
        """The side a position would close at."""
        return self.bid if is_long else self.ask


@dataclass(frozen=True, slots=True)
class Rates:
    """Fees and margin of one trading day, per lot and as a share of turnover; copied onto an order when it is placed."""

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

    def margin(self, price: Decimal, quantity: Decimal) -> Decimal:
        """Margin of `quantity` lots at `price` (rules/futures.md §2.3, §5.2), in cents, rounded up."""
        return money.cents_up((price * self.multiplier * self.margin_rate + self.margin_per_lot) * quantity)

    def opening_fee(self, price: Decimal, quantity: Decimal) -> Decimal:
        """Fee = lots × (per lot + rate × price × multiplier), exact: the caller rounds once per fill (rules/futures.md §4)."""
        return quantity * (self.open_per_lot + self.open_rate * price * self.multiplier)

    def closing_fee(self, price: Decimal, quantity: Decimal, *, opened_today: bool) -> Decimal:
        """The same for closing, at the close-today rates for lots opened that trading day."""
        if opened_today:
            return quantity * (self.close_today_per_lot + self.close_today_rate * price * self.multiplier)
        return quantity * (self.close_per_lot + self.close_rate * price * self.multiplier)

    def as_json(self) -> dict[str, str]:
        """As text, for the order's own copy."""
        return {name: str(getattr(self, name)) for name in self.__slots__}

    @classmethod
    def from_json(cls, data: dict[str, str]) -> "Rates":
        """The copy an order carries."""
        return cls(**{name: Decimal(value) for name, value in data.items()})


@dataclass(frozen=True, slots=True)
class Schedule:
    """Rates that hold from a trading day on, fees or margin; `values` are named as in Rates."""

    effective_from: date
    values: tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Dealing:
    """One instrument in one market. `quote` is None before the first clean tick."""

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
    freezes_at_previous_settlement: bool
    previous_settlement: Decimal | None
    fees: tuple[Schedule, ...]  # newest first
    margins: tuple[Schedule, ...]  # newest first
    quote: Quote | None

    def rates_on(self, day: date, margin_factor: Decimal = Decimal(1)) -> Rates:
        """The rates in force on a trading day, margin multiplied by the tier's factor."""
        values: dict[str, Decimal] = {"multiplier": self.multiplier}
        for schedules in (self.fees, self.margins):
            found = next((s for s in schedules if s.effective_from <= day), None)
            values |= dict(found.values) if found else {}
        for name in ("margin_rate", "margin_per_lot"):
            values[name] = values.get(name, Decimal(0)) * margin_factor
        return Rates(**values)

    def margin_price(self, price: Decimal) -> Decimal:
        """The price margin is computed at: the order's or fill's own, or the previous settlement (rules/futures.md §5.2)."""
        if self.freezes_at_previous_settlement and self.previous_settlement is not None:
            return self.previous_settlement
        return price
