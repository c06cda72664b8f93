"""Any sequence of orders, fills in parts, cancels and closes in three months of two products: what the account stands at is what its lots and freezes say."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from accounts.domain.margins import charged, open_share
from accounts.domain.state import AccountState
from orders.domain import execution
from orders.domain.estimates import Asked, reserve
from orders.domain.facts import Facts
from orders.domain.order import FreezeState, WorkingOrder
from orders.enums import OrderAction, OrderStatus
from quotes.domain.dealing import Dealing, Rates
from tests.accounts.builders import MONDAY, dealing, quote, state

D = Decimal
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
GROUPS = {1: "AU", 2: "AU", 3: ""}  # two months of one product, and one that is charged on both sides
instruments, sides, lots = st.sampled_from(sorted(GROUPS)), st.sampled_from(["BUY", "SELL"]), st.integers(1, 7)
prices = st.sampled_from([D("99.99"), D("100.03"), D("101.37")])


class Sequences(RuleBasedStateMachine):
    """One account with enough money; margin 7.77 %, so that cents are left over."""

    def __init__(self) -> None:
        super().__init__()
        self.state: AccountState = state(balance=D(10**9))
        self.open: list[tuple[WorkingOrder, FreezeState]] = []
        self.ids = count(1)
        self.facts = Facts(NOON, *(count(1) for _ in range(5)))

    @rule(instrument=instruments, side=sides, quantity=lots, price=prices, is_closing=st.booleans())
    def place(self, instrument: int, side: str, quantity: int, price: Decimal, is_closing: bool) -> None:
        order = self._order(instrument, side, quantity, price, "CLOSE" if is_closing else "OPEN")
        if is_closing and self.state.closable(instrument, order.position_side) < quantity:
            return
        asked = Asked(order.position_side, is_closing, price, order.quantity, MONDAY)
        before = self.state.available()
        reserved = reserve(asked, self.state, self._dealing(instrument), order.rates)
        freeze = execution.place(order, self.state, reserved, NOON, self.facts)
        execution.rest(order, self.state, NOON, self.facts)
        assert self.state.available() == before - reserved.margin - reserved.fee
        assert D(0) <= reserved.margin <= reserved.gross_margin
        self.open.append((order, freeze))

    @precondition(lambda self: self.open)
    @rule(data=st.data(), price=prices)
    def fill(self, data: st.DataObject, price: Decimal) -> None:
        order, freeze = data.draw(st.sampled_from(self.open))
        part = D(data.draw(st.integers(1, int(order.leaves))))
        market, paid = self._dealing(order.instrument_id), order.fees
        execution.fill(order, self.state, freeze, market, market.quote, quantity=part, price=price, day=MONDAY, at=NOON, facts=self.facts)
        # Nothing is carried here: every close is charged as of today, whichever lots it takes.
        assert order.fees - paid == part * (D("0.37") if order.is_closing else D("1.11"))
        if order.status == OrderStatus.FILLED:
            assert freeze.is_resolved
            self.open.remove((order, freeze))

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        order, freeze = data.draw(st.sampled_from(self.open))
        execution.end(order, self.state, freeze, OrderAction.CANCEL, None, NOON, self.facts)
        self.open.remove((order, freeze))

    @invariant()
    def margin_is_what_the_lots_are_charged(self) -> None:
        assert self.state.margin == charged((lot.margin_group, lot.side, lot.margin) for lot in self.state.lots)
        assert all(lot.quantity > 0 for lot in self.state.lots)

    @invariant()
    def frozen_and_pending_are_what_the_open_freezes_say(self) -> None:
        assert self.state.frozen_margin == sum(freeze.open_margin for _, freeze in self.open)
        assert self.state.frozen_fee == sum(freeze.open_fee for _, freeze in self.open)
        pending: dict[tuple[str, str], Decimal] = {}
        for order, freeze in self.open:
            if freeze.margin_group:
                key = freeze.margin_group, order.position_side
                pending[key] = pending.get(key, D(0)) + open_share(freeze.gross_margin, freeze.open_quantity, freeze.quantity)
        assert {key: gross for key, gross in self.state.pending.items() if gross} == pending

    @invariant()
    def no_lot_is_charged_more_often_than_it_was_opened(self) -> None:
        assert all(0 <= lot.charged_today <= lot.opened_quantity for lot in self.state.lots)
        assert all(lot.chargeable(MONDAY) and not lot.quantity for lot in self.state.closed_lots)

    def _order(self, instrument: int, side: str, quantity: int, price: Decimal, effect: str) -> WorkingOrder:
        rates = Rates(D(10), margin_rate=D("0.0777"), open_per_lot=D("1.11"), close_today_per_lot=D("0.37"), margin_group=GROUPS[instrument])
        fields = {"market_id": 1, "instrument_id": instrument, "side": side, "effect": effect, "type": "LIMIT", "time_in_force": "GTC"}
        amounts = {"filled_quantity": D(0), "filled_value": D(0), "realised_pnl": D(0), "fees": D(0), "checked_seq": 1}
        fields |= {"quantity": D(quantity), "limit_price": price, "status": OrderStatus.PLACED, "trading_day": MONDAY, **amounts}
        return WorkingOrder(id=next(self.ids), account_id=1, rates=rates, actor_id=None, request_id="", **fields)

    def _dealing(self, instrument: int) -> Dealing:
        choices = {1: ("FIFO", "TODAY_FIRST"), 2: ("TODAY_FIRST", "FIFO"), 3: ("FIFO", "FIFO")}[instrument]
        terms = {"multiplier": D(10), "product": GROUPS[instrument] or "AG", "close_order": choices[0], "fee_age": choices[1]}
        return dealing(quote("100", "100"), instrument_id=instrument, **terms)


TestSequences = Sequences.TestCase
TestSequences.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
