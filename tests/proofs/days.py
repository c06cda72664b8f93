"""Ticks and days as the clerk keeps them: which ticks are fit to deal on, what a day is settled at, and how an account is brought through it."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from fractions import Fraction

from tests.proofs.terms import ZERO, Rates, Terms, half_up, up
from tests.proofs.things import Account, Lot, Order, Tick

F = Fraction
CLEAN, CROSSED, BACKWARDS, NOT_POSITIVE, JUMP = range(5)


class Quoted:
    """One market: its ticks, its prices of settled days, its accounts and orders."""

    def __init__(self, terms: Terms, at: datetime) -> None:
        self.terms, self.now = terms, at
        self.ticks: list[Tick] = []
        self.jumps: list[Fraction] = []
        self.accounts: dict[int, Account] = {}
        self.prices: dict[date, Fraction] = {}
        self.runs: list[date] = []
        self.per_quote: Fraction | None = None  # lots each order gets of one quote
        self.orders: list[Order] = []  # of all accounts, in the order they came

    def tick(self, time: datetime, bid: Fraction, ask: Fraction) -> Tick:
        """Stored in any case; flagged where it is not fit to deal on."""
        day = self.terms.trading_day(time)
        tick = Tick(len(self.ticks) + 1, time, day, bid, ask, self._flag(time, bid, ask), self.now, self._open_from(day))
        self.ticks.append(tick)
        return tick

    def _open_from(self, day: date) -> date:
        return self.terms.day_after(self.priced) if self.priced and self.priced >= day else day

    @property
    def priced(self) -> date | None:
        return max(self.prices, default=None)

    @property
    def clean(self) -> list[Tick]:
        return [tick for tick in self.ticks if tick.flag == CLEAN]

    @property
    def quote(self) -> Tick:
        return self.clean[-1]

    def _flag(self, time: datetime, bid: Fraction, ask: Fraction) -> int:
        if bid <= 0 or ask <= 0:
            return NOT_POSITIVE
        if bid > ask:
            return CROSSED
        if self.clean and time < self.quote.time:
            return BACKWARDS
        if self.clean and self._is_far(bid + ask, self.quote.bid + self.quote.ask) and not self._is_third_jump(bid + ask):
            return JUMP
        self.jumps = []
        return CLEAN

    def _is_far(self, level: Fraction, other: Fraction) -> bool:
        return abs(level - other) > self.terms.jump * other

    def _is_third_jump(self, level: Fraction) -> bool:
        # Three in a row that agree with each other: the market has really moved.
        agree = bool(self.jumps) and not self._is_far(level, self.jumps[-1])
        self.jumps = [*self.jumps, level] if agree else [level]
        return len(self.jumps) == 3


class Daily(Quoted):
    """A market whose days end: at a price for all, then for each account."""

    @property
    def today(self) -> date:
        return self.terms.trading_day(self.now)

    def booking_day(self, account: Account, at: datetime) -> date:
        """The day an instant belongs to, or the first that is still open."""
        day = self.terms.trading_day(at)
        closed = [d for d in (self.priced, account.settled) if d is not None and d >= day]
        return self.terms.day_after(max(closed)) if closed else day

    def touch(self, accounts: Iterable[Account], at: datetime | None = None) -> None:
        """Whatever comes to an account first brings its days to an end: they are priced for all, and settled for it."""
        accounts = sorted(accounts, key=lambda account: account.number)
        over = self.terms.day_before(self.terms.trading_day(min(self.now, at) if at else self.now))
        if any(self._is_unpriced(account, over) for account in accounts):
            day = self.terms.day_after(self.priced) if self.priced else min(self._booked_days(), default=self.today)
            while day <= over:
                self.price(day)
                day = self.terms.day_after(day)
        for account in accounts:
            self.catch_up(account)

    def _is_unpriced(self, account: Account, day: date) -> bool:
        if self.priced:
            return self.priced < day
        return account.opened_on <= day or any(lot.day <= day for lot in account.lots)

    def _booked_days(self) -> Iterator[date]:
        return (day for account in self.accounts.values() for _, day, _ in account.postings)

    def price(self, day: date) -> None:
        """The middle of the day's last good quote, on the grid, be it one that came too late for the day before; without one the settlement before, or the last
        quote there ever was.
        """
        if day in self.prices:
            return
        quotes = [tick for tick in self.clean if tick.day == day] or [tick for tick in self.clean if tick.trades_for == day]
        if not quotes and (earlier := [d for d in self.prices if d < day]):
            self.prices[day] = self.prices[max(earlier)]
            return
        last = (quotes or [tick for tick in self.clean if tick.day < day])[-1]
        ticks = (last.bid + last.ask) / 2 / self.terms.tick
        self.prices[day] = (ticks + F(1, 2)).__floor__() * self.terms.tick

    def catch_up(self, account: Account) -> None:
        for day in sorted(self.prices):
            if account.settled is None or account.settled < day:
                self._settle(account, day)

    def _settle(self, account: Account, day: date) -> None:
        for order in account.orders:
            if order.rests and order.wish.time_in_force == "DAY" and order.day <= day:
                order.ends("EXPIRED")
                account.version += 1
        account.version += 1
        lots, price = [lot for lot in account.lots if lot.day <= day], self.prices[day]
        for lot in lots:
            account.postings.append(("HOLDING_PNL", day, self.pnl(lot, price, lot.quantity)))
            lot.basis, lot.margin = price, self.margin_of(self.terms.rates_on(self.terms.day_after(day)), price, lot.quantity)
        fee = half_up(sum((lot.quantity for lot in lots), ZERO) * self.terms.rates_on(day).overnight)
        account.postings.append(("OVERNIGHT_FEE", day, -fee))
        if self.terms.writes_off and not account.lots and not account.frozen:
            account.postings.append(("COMPENSATION", day, max(-account.balance, ZERO)))
        account.days[day] = self._statement(account, day, len(lots))
        account.settled = day

    def _statement(self, account: Account, day: date, lots: int) -> dict[str, Fraction]:
        before = max(account.days, default=date.min)
        opening = account.days[before]["closing_balance"] if account.days else ZERO

        def total(*kinds: str) -> Fraction:
            return sum((amount for kind, booked, amount in account.postings if kind in kinds and before < booked <= day), ZERO)

        cash, realised, holding, fees = total("CASH"), total("REALISED_PNL"), total("HOLDING_PNL"), -total("FEE", "OVERNIGHT_FEE")
        compensation = total("COMPENSATION")
        return {
            "opening_balance": opening,
            "cash": cash,
            "realised_pnl": realised,
            "holding_pnl": holding,
            "fees": fees,
            "compensation": compensation,
            "closing_balance": opening + cash + realised + holding - fees + compensation,
            "margin_call": max(account.margin - account.balance, ZERO),
            "frozen": account.frozen,
            "margin": account.margin,
            "lots": F(lots),
        }

    @property
    def next_run(self) -> date:
        if self.runs:
            return self.terms.day_after(self.runs[-1])
        return min(self._booked_days(), default=self.today)

    def settle(self) -> None:
        """The day's run: priced, then every account."""
        day = self.next_run
        self.price(day)
        for account in self.accounts.values():
            if account.settled is None or account.settled < day:
                self.catch_up(account)
        self.runs.append(day)

    def pnl(self, lot: Lot, price: Fraction, quantity: Fraction) -> Fraction:
        return half_up((price - lot.basis if lot.is_long else lot.basis - price) * quantity * self.terms.multiplier)

    def margin_of(self, rates: Rates, price: Fraction, quantity: Fraction) -> Fraction:
        per_lot = price * self.terms.multiplier * rates.margin_rate + rates.margin_per_lot
        return up(per_lot * self.terms.margin_factor * quantity)
