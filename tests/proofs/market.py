"""The books of one market as a patient clerk would keep them from rules/futures.md.

It shares no code with the product but the words for statuses and reasons.
"""

from collections.abc import Iterator
from copy import deepcopy
from datetime import date
from fractions import Fraction
from itertools import groupby

from tests.proofs.days import Daily
from tests.proofs.terms import ZERO, down, half_up
from tests.proofs.things import Account, Lot, Order, Tick, Wish

F = Fraction
FILL_STEPS = ["MATCHED", "FILLED", "RELEASED", "POSITIONED", "SETTLED"]


class Market(Daily):
    """Cash and orders."""

    def _margin_price(self, price: Fraction) -> Fraction:
        return self.prices[max(self.prices)] if self.terms.is_margined_at_settlement and self.prices else price

    def unrealised(self, account: Account) -> Fraction:
        if account.settled and self.quote.trades_for <= account.settled:
            return ZERO
        return sum((self.pnl(lot, self.quote.bid if lot.is_long else self.quote.ask, lot.quantity) for lot in account.lots), ZERO)

    def available(self, account: Account) -> Fraction:
        unrealised = self.unrealised(account)
        return account.balance - account.frozen - account.margin + (unrealised if self.terms.profits_count else min(unrealised, ZERO))

    def cash(self, number: int, amount: Fraction) -> bool:
        """Whether it was booked; what is refused leaves nothing behind, not even a day that was settled on the way."""
        trial = deepcopy(self)
        booked = trial._cash(trial.accounts[number], amount)
        if booked:
            self.__dict__.update(trial.__dict__)
        return booked

    def _cash(self, account: Account, amount: Fraction) -> bool:
        self.touch([account])
        without_profit = account.balance - account.frozen - account.margin + min(self.unrealised(account), ZERO)
        if amount < 0 and -amount > min(self.available(account), without_profit):
            return False
        account.version += 1
        account.postings.append(("CASH", self.booking_day(account, self.now), amount))
        return True

    def place(self, account: Account, wish: Wish) -> Order:
        """Decided at once: denied, or frozen for and then filled, resting or canceled."""
        day = self.booking_day(account, self.now)
        order = Order(wish, day, self.terms.rates_on(day), self.quote.seq)
        margin, fee = self._needs(account, order)
        account.orders.append(order)
        self.orders.append(order)
        if reason := self._denial(account, wish, margin + fee):
            order.ends("DENIED", reason)
            return order
        account.version += 1
        order.steps += ["PLACED", "FROZEN"]
        order.frozen_margin, order.frozen_fee = margin, fee
        price = order.meets(self.quote)
        if price is not None:
            self._fill(account, order, self._share(order.leaves), price, day)
        if order.leaves and (wish.limit is None or wish.time_in_force == "IOC"):
            order.ends("CANCELED", "NOT_FILLABLE")
        elif price is None:
            order.status = "WORKING"
            order.steps.append("RESTED")
        return order

    def _share(self, leaves: Fraction) -> Fraction:
        if self.per_quote is None:
            return leaves
        return min(leaves, (self.per_quote / self.terms.step).__floor__() * self.terms.step)

    def _denial(self, account: Account, wish: Wish, needed: Fraction) -> str:
        terms, quantity, opens = self.terms, wish.quantity, not wish.is_closing
        claimed = account.claimed(wish.is_long, wish.is_closing)
        held = account.held(wish.is_long)
        denials = {
            "NOT_IN_SESSION": not terms.is_trading_day(self.now.date()),
            "STALE_QUOTE": (self.now - self.quote.received_at).total_seconds() > terms.quote_seconds,
            "OFF_TICK": wish.limit is not None and wish.limit % terms.tick != 0,
            "OUTSIDE_PRICE_LIMITS": wish.limit is not None and wish.limit <= 0,
            "QTY_INVALID": quantity <= 0,
            "QTY_OVER_MAXIMUM": quantity > terms.most_per_order,
            "QTY_NOT_MULTIPLE": quantity % terms.step != 0,
            "POSITION_LIMIT": opens and terms.most_per_side is not None and held + claimed + quantity > terms.most_per_side,
            "CLOSABLE_EXCEEDED": wish.is_closing and quantity > held - claimed,
            "INSUFFICIENT_FUNDS": opens and needed > self.available(account),
        }
        return next((reason for reason, applies in denials.items() if applies), "")

    def _needs(self, account: Account, order: Order) -> tuple[Fraction, Fraction]:
        """Margin and fee to freeze, at the worst price the order may be dealt at (§5.3); closing freezes no margin."""
        wish = order.wish
        at_market = self.quote.ask if wish.is_buy else self.quote.bid
        price = at_market if wish.limit is None else wish.limit if wish.is_buy else max(wish.limit, at_market)
        if price <= 0 or wish.quantity <= 0:
            return ZERO, ZERO
        if wish.is_closing:
            quantity = min(wish.quantity, account.held(wish.is_long))
            return ZERO, self._closing_fee(order, price, quantity, self._todays(account, wish.is_long, quantity, order.day))
        order.gross_margin = self.margin_of(order.rates, self._margin_price(price), wish.quantity)
        return self._margin_needed(account, order), half_up(self._opening_fee(order, price, wish.quantity))

    def _margin_needed(self, account: Account, order: Order) -> Fraction:
        """By how much it raises the charge for all that is held and asked for already."""
        already = [(lot.is_long, lot.margin) for lot in account.lots] + [(o.wish.is_long, o.pending) for o in account.orders]
        return account.charge([*already, (order.wish.is_long, order.gross_margin)]) - account.charge(already)

    def _todays(self, account: Account, is_long: bool, quantity: Fraction, day: date) -> Fraction:
        """How many of a close are charged as lots of that day."""
        left = account.opened[is_long, day] - account.charged[is_long, day]
        return min(quantity, left) if self.terms.charges_todays_first else max(quantity - (account.held(is_long) - left), ZERO)

    def _opening_fee(self, order: Order, price: Fraction, quantity: Fraction) -> Fraction:
        return quantity * (order.rates.open_per_lot + order.rates.open_rate * price * self.terms.multiplier)

    def _closing_fee(self, order: Order, price: Fraction, quantity: Fraction, todays: Fraction) -> Fraction:
        rates, turnover = order.rates, price * self.terms.multiplier
        carried = (quantity - todays) * (rates.close_per_lot + rates.close_rate * turnover)
        return half_up(carried + todays * (rates.today_per_lot + rates.today_rate * turnover))

    def _in_turn(self, account: Account, is_long: bool, quantity: Fraction, day: date) -> Iterator[tuple[Lot, Fraction]]:
        for lot in sorted(account.lots, key=lambda lot: self.terms.closes_todays_first and lot.day != day):
            if lot.is_long == is_long and quantity:
                part = min(quantity, lot.quantity)
                quantity -= part
                yield lot, part

    def _fill(self, account: Account, order: Order, quantity: Fraction, price: Fraction, day: date) -> None:
        share = quantity / order.leaves
        order.frozen_margin -= order.frozen_margin if share == 1 else down(order.frozen_margin * share)
        order.frozen_fee -= order.frozen_fee if share == 1 else down(order.frozen_fee * share)
        if order.wish.is_closing:
            pnl, fee = self._close(account, order, quantity, price, day)
            account.postings.append(("REALISED_PNL", day, pnl))
            order.pnl += pnl
        else:
            fee = half_up(self._opening_fee(order, price, quantity))
            margin = self.margin_of(order.rates, self._margin_price(price), quantity)
            account.lots.append(Lot(order.wish.is_long, quantity, price, price, margin, day))
            account.opened[order.wish.is_long, day] += quantity
        account.postings.append(("FEE", day, -fee))
        order.fees += fee
        order.filled += quantity
        order.value += quantity * price
        order.status = "PARTIALLY_FILLED" if order.leaves else "FILLED"
        order.steps += FILL_STEPS

    def _close(self, account: Account, order: Order, quantity: Fraction, price: Fraction, day: date) -> tuple[Fraction, Fraction]:
        pnl, side = ZERO, order.wish.is_long
        todays = self._todays(account, side, quantity, day)
        account.charged[side, day] += todays
        for lot, part in list(self._in_turn(account, side, quantity, day)):
            pnl += self.pnl(lot, price, part)
            lot.margin -= lot.margin if part == lot.quantity else down(lot.margin * part / lot.quantity)
            lot.quantity -= part
        account.lots = [lot for lot in account.lots if lot.quantity]
        return pnl, self._closing_fee(order, price, quantity, todays)

    def cancel(self, account: Account, order: Order) -> None:
        if order.rests:
            account.version += 1
            order.ends("CANCELED", "BY_CLIENT")

    def evaluate(self) -> None:
        """Resting orders see every tick they have not seen, in order; of those that meet one tick the older order comes first."""
        met = sorted(self._met(), key=lambda one: (one[0].seq, self.orders.index(one[1])))
        for _, of_one_day in groupby(met, key=lambda one: self.terms.trading_day(one[0].time)):
            fills = list(of_one_day)
            self.touch({order.wish.account: self.accounts[order.wish.account] for _, order, _ in fills}.values(), fills[0][0].time)
            for tick, order, quantity in fills:
                self._fill_at(tick, order, quantity)
        for order in self.orders:
            order.seen = self.ticks[-1].seq

    def _met(self) -> Iterator[tuple[Tick, Order, Fraction]]:
        for order in self.orders:
            leaves = order.leaves if order.rests else ZERO
            for tick in self.clean:
                share = self._share(leaves)
                if share and tick.seq > order.seen and order.meets(tick) is not None and self.terms.is_trading_day(tick.time.date()):
                    yield tick, order, share
                    leaves -= share

    def _fill_at(self, tick: Tick, order: Order, quantity: Fraction) -> None:
        account, price = self.accounts[order.wish.account], order.meets(tick)
        day = self.booking_day(account, tick.time)
        if price is None or not order.rests or (order.wish.time_in_force == "DAY" and day > order.day):
            return
        account.version += 1
        self._fill(account, order, quantity, price, day)
