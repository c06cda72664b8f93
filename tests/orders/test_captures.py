"""Whatever the sequence of caps and ticks: a freeze is captured pro rata to the cent, the rest is given back, and nothing is left over.

Pure: an order is placed, filled in parts by the dealer and ended, on an account in memory (rules/futures.md §5.3).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from accounts.domain.state import AccountState
from orders.domain import execution
from orders.domain.facts import Facts
from orders.domain.order import FreezeState, Reservation, WorkingOrder
from orders.domain.transitions import ORDER
from orders.enums import Effect, OrderAction, OrderStatus, OrderType, Reason, Side, TimeInForce
from orders.matching import dealer
from quotes.domain.dealing import Quote, Rates
from tests.accounts.builders import dealing, lot, state
from tradingdesk.kernel import money

D = Decimal
AT, DAY = datetime(2026, 3, 2, 12, tzinfo=UTC), date(2026, 3, 2)
CENT = D("0.01")
lots = st.integers(1, 60).map(D)
prices = st.decimals("99.00", "101.00", places=2)
caps = st.none() | st.integers(1, 25).map(D)
rates = st.builds(
    Rates,
    multiplier=st.sampled_from([D(1), D(100), D(1000)]),
    margin_rate=st.sampled_from([D("0.05"), D("0.0333")]),
    margin_per_lot=st.sampled_from([D(0), D("0.01")]),
    open_per_lot=st.sampled_from([D(0), D("1.005")]),
    open_rate=st.sampled_from([D(0), D("0.0000333")]),
    close_per_lot=st.sampled_from([D(0), D("1.2")]),
    close_today_rate=st.sampled_from([D(0), D("0.00017")]),
)
Tick = tuple[Decimal, Decimal | None]  # the price, which is bid and ask at once, and the cap at that moment


@dataclass
class Traded:
    """An order with its account and freeze, and what each tick gave it."""

    order: WorkingOrder
    account: AccountState
    freeze: FreezeState
    facts: Facts

    @property
    def fills(self) -> list[dict]:
        return self.facts.fills


def placed(quantity: Decimal, limit: Decimal, terms: Rates, effect: Effect) -> Traded:
    """A buy that opens, or a sell that closes lots of three ages, accepted and frozen."""
    account = state(balance=D(10**9))
    if effect == Effect.CLOSE:
        account.lots = [lot(str(quantity), "100", id=n, margin="17.77", trading_day=DAY - timedelta(days=n % 2)) for n in (1, 2, 3)]
        account.margin = D("53.31")
    order = WorkingOrder(
        id=1,
        account_id=1,
        market_id=1,
        instrument_id=1,
        side=Side.BUY if effect == Effect.OPEN else Side.SELL,
        effect=effect,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        quantity=quantity,
        limit_price=limit,
        status=OrderStatus.PLACED,
        filled_quantity=D(0),
        filled_value=D(0),
        realised_pnl=D(0),
        fees=D(0),
        checked_seq=0,
        trading_day=DAY,
        rates=terms,
        actor_id=None,
        request_id="",
    )
    is_opening = effect == Effect.OPEN
    margin = terms.margin(limit, quantity) if is_opening else D(0)
    fee = terms.opening_fee(limit, quantity) if is_opening else terms.close_per_lot * quantity
    facts = Facts(AT, *(count(1) for _ in range(5)))
    freeze = execution.place(order, account, Reservation(margin, money.cents_half_up(fee), margin), AT, facts)
    return Traded(order, account, freeze, facts)


def trade(traded: Traded, ticks: list[Tick]) -> Iterator[dealer.Deal]:
    """What each tick gives, as the desk does it."""
    order = traded.order
    for seq, (price, most) in enumerate(ticks, start=1):
        quote = Quote(seq, AT, price, price, "test", AT)
        deal = dealer.deal(quote, is_buy=order.is_buy, limit_price=order.limit_price, leaves=order.leaves, most=most)
        if deal is not None:
            dealt = dealing(quote, multiplier=order.rates.multiplier)
            execution.fill(
                order, traded.account, traded.freeze, dealt, quote, quantity=deal.quantity, price=deal.price, day=DAY, at=AT, facts=traded.facts
            )
            yield deal


def assert_freeze_is_whole(traded: Traded) -> None:
    """The account has frozen exactly what the freeze still holds, and each share is the quantity's, to the cent per fill."""
    account, freeze = traded.account, traded.freeze
    assert (account.frozen_margin, account.frozen_fee) == (freeze.open_margin, freeze.open_fee)
    assert min(freeze.open_margin, freeze.open_fee, freeze.open_quantity) >= 0
    assert freeze.open_quantity == traded.order.leaves
    for frozen, captured in ((freeze.margin, freeze.captured_margin), (freeze.fee, freeze.captured_fee)):
        exact = frozen * freeze.captured_quantity / freeze.quantity
        assert abs(captured - exact) < CENT * max(len(traded.fills), 1)


def assert_ended_whole(traded: Traded) -> None:
    freeze, claims = traded.freeze, traded.account.closing if traded.order.is_closing else traded.account.opening
    assert freeze.is_resolved
    assert freeze.captured_margin + freeze.released_margin == freeze.margin
    assert freeze.captured_fee + freeze.released_fee == freeze.fee
    assert freeze.captured_quantity + freeze.released_quantity == freeze.quantity
    assert sum(fill["captured_margin"] for fill in traded.fills) == freeze.captured_margin
    assert sum(fill["captured_fee"] for fill in traded.fills) == freeze.captured_fee
    assert (traded.account.frozen, set(claims.values())) == (0, {D(0)})


def end_of(traded: Traded) -> None:
    """What is left is canceled."""
    if traded.order.status not in ORDER.terminal:
        execution.end(traded.order, traded.account, traded.freeze, OrderAction.CANCEL, Reason.BY_CLIENT, AT, traded.facts)


@given(quantity=lots, limit=prices, terms=rates, ticks=st.lists(st.tuples(prices, caps), max_size=12))
def test_an_opening_order_gives_its_freeze_for_margin_at_each_fills_price(quantity: Decimal, limit: Decimal, terms: Rates, ticks: list[Tick]) -> None:
    traded = placed(quantity, limit, terms, Effect.OPEN)
    execution.rest(traded.order, traded.account, AT, traded.facts)
    occupied = D(0)
    for deal in trade(traded, ticks):
        assert deal.price <= limit
        occupied += terms.margin(deal.price, deal.quantity)
        assert (traded.account.margin, traded.freeze.released_margin) == (occupied, 0)
        assert_freeze_is_whole(traded)
    paid = sum((fill["fee"] for fill in traded.fills), D(0))
    assert traded.account.balance == D(10**9) - paid
    # A better price occupies less than was frozen for it: the difference, but for a cent per fill, is available again.
    assert traded.account.available() >= D(10**9) - paid - traded.freeze.margin - traded.freeze.fee - CENT * len(traded.fills)
    end_of(traded)
    assert_ended_whole(traded)
    assert traded.account.available() == D(10**9) - paid - occupied


@given(quantity=lots, limit=prices, terms=rates, ticks=st.lists(st.tuples(prices, caps), max_size=12))
def test_a_closing_order_freezes_lots_and_fee_and_no_margin(quantity: Decimal, limit: Decimal, terms: Rates, ticks: list[Tick]) -> None:
    traded = placed(quantity, limit, terms, Effect.CLOSE)
    account = traded.account
    assert (traded.freeze.margin, account.closable(1, "LONG")) == (0, 2 * quantity)
    execution.rest(traded.order, account, AT, traded.facts)
    for deal in trade(traded, ticks):
        assert deal.price >= limit
        assert_freeze_is_whole(traded)
        # What is closed leaves the position and the claim alike.
        assert account.position(1, "LONG") == 3 * quantity - traded.order.filled_quantity
        assert account.closable(1, "LONG") == 2 * quantity
    assert account.margin == sum((one.margin for one in account.lots), D(0))
    assert account.balance == D(10**9) + sum((fill["realised_pnl"] - fill["fee"] for fill in traded.fills), D(0))
    end_of(traded)
    assert_ended_whole(traded)
    assert account.closable(1, "LONG") == account.position(1, "LONG") == 3 * quantity - traded.order.filled_quantity
