"""What the two markets of the proof are like, and the arithmetic both are held to: fractions, and three roundings to the cent. Nothing of the product's."""

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

F = Fraction
ZERO = F(0)
FIFTY_LOTS, FIVE_PER_CENT = F(50), F(1, 20)
ONE_DAY = timedelta(days=1)


def half_up(amount: Fraction) -> Fraction:
    """P&L and fees: the nearest cent, half a cent away from zero (rules/futures.md §4)."""
    cents = math.floor(abs(amount) * 100 + F(1, 2))
    return F(cents if amount >= 0 else -cents, 100)


def up(amount: Fraction) -> Fraction:
    """Margin: never a cent too little."""
    return F(math.ceil(amount * 100), 100)


def down(amount: Fraction) -> Fraction:
    """A part of what is frozen or occupied: never more than its share."""
    return F(math.floor(amount * 100), 100)


def decimal(number: Fraction) -> Decimal:
    """For the product's ears; exact, or an error."""
    exact = Decimal(number.numerator) / Decimal(number.denominator)
    assert F(exact) == number
    return exact


@dataclass(frozen=True)
class Rates:
    """Per lot and as a share of turnover."""

    margin_rate: Fraction
    margin_per_lot: Fraction = ZERO
    open_per_lot: Fraction = ZERO
    open_rate: Fraction = ZERO
    close_per_lot: Fraction = ZERO
    close_rate: Fraction = ZERO
    today_per_lot: Fraction = ZERO
    today_rate: Fraction = ZERO
    overnight: Fraction = ZERO


@dataclass(frozen=True)
class Terms:
    """One instrument in one market, and the tier of its accounts."""

    code: str
    multiplier: Fraction
    tick: Fraction
    step: Fraction
    weekdays: str
    quote_seconds: int
    is_margined_at_settlement: bool  # at the previous settlement, as soon as there is one (§5.2, type 1)
    is_charged_by_larger_side: bool  # §5.4
    closes_todays_first: bool
    charges_todays_first: bool  # "short-term first": up to as many as were opened that day, whichever lots the close took (§4)
    margin_factor: Fraction
    profits_count: bool
    writes_off: bool  # a deficit with nothing open
    most_per_side: Fraction | None
    rates: tuple[tuple[date, Rates], ...]  # oldest first
    most_per_order: Fraction = FIFTY_LOTS
    jump: Fraction = FIVE_PER_CENT

    def rates_on(self, day: date) -> Rates:
        return [rates for since, rates in self.rates if since <= day][-1]

    def is_trading_day(self, day: date) -> bool:
        return str(day.isoweekday()) in self.weekdays

    def trading_day(self, at: datetime) -> date:
        """The day itself, or the next that trades."""
        return at.date() if self.is_trading_day(at.date()) else self.day_after(at.date())

    def day_after(self, day: date) -> date:
        return next(d for n in range(1, 8) if self.is_trading_day(d := day + n * ONE_DAY))

    def day_before(self, day: date) -> date:
        return next(d for n in range(1, 8) if self.is_trading_day(d := day - n * ONE_DAY))


BEGINNING = date(2000, 1, 1)
THURSDAY = date(2026, 3, 5)

# Round figures, every day of the week; charged as today's first, and the house bears what a client cannot.
PLAIN = Terms(
    code="PLAIN",
    multiplier=F(100),
    tick=F(1, 100),
    step=F(1),
    weekdays="1234567",
    quote_seconds=60,
    is_margined_at_settlement=False,
    is_charged_by_larger_side=False,
    closes_todays_first=False,
    charges_todays_first=True,
    margin_factor=F(1),
    profits_count=False,
    writes_off=True,
    most_per_side=None,
    rates=((BEGINNING, Rates(F(5, 100), open_per_lot=F(5), close_per_lot=F(5), today_per_lot=F(2))),),
)

# Nothing comes out even; it rests over the weekend, costs more from Thursday on, closes today's lots first and charges margin for the larger side alone.
ODD = Terms(
    code="ODD",
    multiplier=F(333, 10),
    tick=F(5, 100),
    step=F(1, 10),
    weekdays="12345",
    quote_seconds=10,
    is_margined_at_settlement=True,
    is_charged_by_larger_side=True,
    closes_todays_first=True,
    charges_todays_first=False,
    margin_factor=F(15, 10),
    profits_count=True,
    writes_off=False,
    most_per_side=F(6),
    rates=(
        (BEGINNING, Rates(F(731, 10_000), F(11), F(1), F(13, 100_000), F(2), F(7, 100_000), F(0), F(3, 100_000), overnight=F(37, 100))),
        (THURSDAY, Rates(F(917, 10_000), F(7), F(3), F(17, 100_000), F(1), F(5, 100_000), F(4), F(0), overnight=F(53, 100))),
    ),
)
