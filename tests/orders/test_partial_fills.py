"""Filled in parts: the dealer gives each order only so many lots of one quote. Gold: multiplier 100, margin 5 %, 5.00 a lot, at 2000.00 / 2000.50."""

from decimal import Decimal

import pytest
from django.db import transaction

from accounts.models import Account, Freeze, Lot
from accounts.services.days import settle_accounts
from accounts.services.states import lock_states
from orders.domain import execution
from orders.domain.order import Outcome
from orders.enums import OrderStatus, Reason
from orders.models import Fill, Order, OrderEvent
from orders.services import recording, resting
from orders.services.cancellation import cancel_orders
from orders.services.loading import orders_statement, read_orders
from quotes.models import FeeSchedule, MarginSchedule
from quotes.selectors.streams import clean_ticks
from quotes.services import settlement_prices
from tests.factories.books import assert_books_are_right
from tests.factories.desk import MONDAY, Desk, funds, make_desk, order
from tradingdesk.kernel import sql
from tradingdesk.kernel.errors import InvalidTransition

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def capped(desk: Desk) -> Desk:
    """Four lots of each quote."""
    desk.cap(4)
    return desk


def parts(outcome: Outcome) -> list[tuple[int, str, str]]:
    """(tick, lots, price) of each fill, in order."""
    rows = Fill.objects.filter(order_id=outcome.order_id).order_by("id").values_list("quote_seq", "quantity", "price")
    return [(seq, str(quantity.normalize()), str(price.quantize(D("0.01")))) for seq, quantity, price in rows]


def steps(outcome: Outcome) -> list[str]:
    return list(OrderEvent.objects.filter(order_id=outcome.order_id, fill=None).order_by("id").values_list("step", flat=True))


def stands(account: Account) -> tuple[Decimal, Decimal, int]:
    now = funds(account)
    return now.frozen, now.margin, now.version


@pytest.fixture
def shanghai(db: None) -> Desk:
    """Gold as in rules/futures.md §5.3: 1,000 g, 10 %, no fees; one lot of each quote."""
    desk = make_desk(symbol="AU", multiplier=1000, tick_size=D("0.02"))
    FeeSchedule.objects.update(open_per_lot=0, close_per_lot=0, close_today_per_lot=0)
    MarginSchedule.objects.update(rate=D("0.10"))
    desk.cap(1)
    desk.market.listings.update(max_jump_rate=0)
    desk.quote("500.08", "500.10")
    return desk


def test_two_lots_at_500_one_filled_at_499_90_the_rest_canceled(shanghai: Desk) -> None:
    account = shanghai.account("200000")
    resting = shanghai.buy(account, 2, "500.00")
    assert stands(account)[:2] == (D(100_000), D(0))
    assert shanghai.quote("499.88", "499.90") == 1
    assert stands(account)[:2] == (D(50_000), D(49_990))
    assert order(resting).status == OrderStatus.PARTIALLY_FILLED
    assert_books_are_right()
    with shanghai.now():
        [outcome] = cancel_orders([resting.order_id])
    assert (outcome.status, outcome.quantity, outcome.filled_quantity, outcome.average_price) == (OrderStatus.CANCELED, D(2), D(1), D("499.90"))
    assert stands(account)[:2] == (D(0), D(49_990))
    freeze = Freeze.objects.get(order_id=resting.order_id)
    assert (freeze.status, freeze.captured_margin, freeze.released_margin, freeze.released_quantity) == ("RESOLVED", D(50_000), D(50_000), D(1))
    assert_books_are_right()


def test_a_limit_order_takes_what_the_quote_gives_and_the_rest_waits(capped: Desk) -> None:
    account = capped.account("200000")
    outcome = capped.buy(account, 10, "2001.00")
    # frozen 10 × 2001.00 × 100 × 5 % = 100,050.00 and 50.00; 4 lots take 40,020.00 and 20.00 of it and occupy 4 × 2000.50 × 100 × 5 %
    assert (outcome.status, outcome.filled_quantity, outcome.average_price) == (OrderStatus.PARTIALLY_FILLED, D(4), D("2000.50"))
    assert stands(account) == (D("60030.00") + D("30.00"), D("40010.00"), 2)
    placed = order(outcome)
    assert (placed.checked_seq, placed.taken_up, placed.ended_at, placed.reason) == (1, False, None, "")
    assert (steps(outcome), parts(outcome)) == (["PLACED", "FROZEN"], [(1, "4", "2000.50")])
    assert_books_are_right()


def test_the_quote_that_gave_a_part_gives_no_second_one(capped: Desk) -> None:
    outcome = capped.buy(capped.account("200000"), 10, "2001.00")
    assert capped.quote("2010.00", "2010.50") == 0
    assert parts(outcome) == [(1, "4", "2000.50")]


def test_each_later_tick_that_meets_the_limit_gives_up_to_the_cap(capped: Desk) -> None:
    account = capped.account("200000")
    outcome = capped.buy(account, 10, "1995.00")
    assert outcome.status == OrderStatus.WORKING
    assert [
        capped.quote(bid, ask) for bid, ask in (("1994.00", "1994.50"), ("1999.00", "1999.50"), ("1993.00", "1993.50"), ("1990.00", "1990.50"))
    ] == [
        1,
        0,
        1,
        1,
    ]
    assert parts(outcome) == [(2, "4", "1994.50"), (4, "4", "1993.50"), (5, "2", "1990.50")]
    # 4 × 9,972.50 + 4 × 9,967.50 + 2 × 9,952.50; the freeze of 99,750.00 is gone, the difference of 85.00 is available again
    assert stands(account) == (D(0), D("99665.00"), 5)
    filled = order(outcome)
    assert (filled.status, filled.filled_quantity, filled.checked_seq, filled.fees) == (OrderStatus.FILLED, D(10), 5, D("50.00"))
    assert [event.status for event in filled.events.filter(step="FILLED").order_by("id")] == ["PARTIALLY_FILLED", "PARTIALLY_FILLED", "FILLED"]
    assert list(Fill.objects.order_by("id").values_list("captured_margin", "captured_fee")) == [
        (D("39900.00"), D("20.00")),
        (D("39900.00"), D("20.00")),
        (D("19950.00"), D("10.00")),
    ]
    assert [one.open_price for one in Lot.objects.filter(account=account).order_by("id")] == [D("1994.5"), D("1993.5"), D("1990.5")]
    assert_books_are_right()


@pytest.mark.parametrize("limit", [None, "2001.00"])
def test_what_a_market_or_ioc_order_does_not_get_at_once_is_canceled(capped: Desk, limit: str | None) -> None:
    account = capped.account("200000")
    outcome = capped.buy(account, 10, limit, time_in_force="IOC")
    assert (outcome.status, outcome.reason, outcome.filled_quantity) == (OrderStatus.CANCELED, Reason.NOT_FILLABLE, D(4))
    assert (steps(outcome), parts(outcome)) == (["PLACED", "FROZEN", "CANCELED"], [(1, "4", "2000.50")])
    assert stands(account) == (D(0), D("40010.00"), 2)
    assert funds(account).balance == D(200_000) - 20
    freeze = Freeze.objects.get(order_id=outcome.order_id)
    assert (freeze.captured_quantity, freeze.released_quantity, freeze.released_fee) == (D(4), D(6), D("30.00"))
    assert capped.quote("1990.00", "1990.50") == 0
    assert_books_are_right()


def test_orders_up_to_the_cap_are_filled_whole(capped: Desk) -> None:
    assert capped.buy(capped.account("200000"), 4).status == OrderStatus.FILLED
    capped.cap(None)
    assert capped.buy(capped.account("200000"), 10).status == OrderStatus.FILLED


def test_each_order_gets_its_own_part_of_a_tick_in_the_order_of_their_ids(capped: Desk) -> None:
    one, other = capped.account("200000"), capped.account("200000")
    outcomes = capped.place([capped.request(account, "BUY", 6, "1995.00") for account in (one, other, one)])
    assert capped.quote("1994.00", "1994.50") == 3
    assert capped.quote("1993.00", "1993.50") == 3
    ids = [outcome.order_id for outcome in outcomes]
    assert list(Fill.objects.order_by("id").values_list("order_id", "quantity")) == [*((i, 4) for i in ids), *((i, 2) for i in ids)]
    assert_books_are_right()


def test_a_closing_order_freezes_lots_and_fee_and_gives_them_up_part_by_part(capped: Desk) -> None:
    account = capped.account("200000")
    capped.cap(None)
    capped.buy(account, 10)
    capped.cap(4)
    # margin 10 × 10,002.50; the close freezes no margin, 50.00 of fees and all ten lots
    outcome = capped.close_long(account, 10, "2005.00")
    assert (funds(account).frozen_margin, funds(account).frozen_fee, funds(account).margin) == (D(0), D("50.00"), D("100025.00"))
    assert capped.close_long(account, 1, "2005.00").reason == Reason.CLOSABLE_EXCEEDED
    capped.quote("2006.00", "2006.50")
    # (2006.00 − 2000.50) × 4 × 100 = 2,200.00
    assert (funds(account).frozen_fee, funds(account).margin, order(outcome).realised_pnl) == (D("30.00"), D("60015.00"), D("2200.00"))
    assert (order(outcome).status, funds(account).balance) == (OrderStatus.PARTIALLY_FILLED, D(200_000) - 50 + 2200 - 20)
    assert_books_are_right()
    with capped.now():
        cancel_orders([outcome.order_id])
    assert (funds(account).frozen, Lot.objects.get(account=account).quantity) == (D(0), D(6))
    assert capped.close_long(account, 6, "2100.00").status == OrderStatus.WORKING
    assert_books_are_right()


def test_the_rest_of_a_day_order_ends_with_its_day(capped: Desk) -> None:
    account = capped.account("200000")
    outcome = capped.buy(account, 10, "2001.00", time_in_force="DAY")
    with capped.now():
        settlement_prices.fix(capped.market.pk, MONDAY.date())
        settle_accounts([account.pk])
    ended = order(outcome)
    assert (ended.status, ended.filled_quantity, steps(outcome)) == (OrderStatus.EXPIRED, D(4), ["PLACED", "FROZEN", "EXPIRED"])
    freeze = Freeze.objects.get(order_id=outcome.order_id)
    assert (funds(account).frozen, freeze.released_quantity, freeze.released_margin) == (D(0), D(6), D("60030.00"))
    assert capped.quote("1990.00", "1990.50") == 0
    assert_books_are_right()


def test_a_stretch_over_midnight_fills_a_day_order_on_its_day_alone(capped: Desk) -> None:
    day, good = capped.account("300000"), capped.account("300000")
    outcomes = [capped.buy(day, 20, "1995.00", time_in_force="DAY"), capped.buy(good, 20, "1995.00")]
    capped.at = MONDAY.replace(hour=23, minute=59, second=57)
    for _ in range(4):  # 23:59:58, 23:59:59, 00:00:00, 00:00:01
        capped.quote("1990.00", "1990.50", evaluate=False)
    with capped.now():
        ticks = clean_ticks(capped.market.pk, capped.gold.pk, 1, 5)
        assert resting.evaluate(capped.market.pk, capped.gold.pk, ticks, "test") == 2 + 4
        assert resting.evaluate(capped.market.pk, capped.gold.pk, ticks, "test") == 0
    assert [seq for seq, *_ in parts(outcomes[0])] == [2, 3]
    assert [seq for seq, *_ in parts(outcomes[1])] == [2, 3, 4, 5]
    assert_books_are_right()


def test_a_part_of_an_ended_order_is_refused_and_nothing_moves(desk: Desk) -> None:
    account = desk.account("100000")
    resting = desk.buy(account, 2, "1900.00")
    cancel_orders([resting.order_id])
    before = funds(account)
    with pytest.raises(InvalidTransition):
        fill_by_hand(resting.order_id)
    after = funds(account)
    assert (after.version, after.balance, after.margin, Fill.objects.count()) == (before.version, before.balance, before.margin, 0)


def fill_by_hand(order_id: int) -> None:
    """What no service does: a fill without a look at the order's status."""
    row = Order.objects.get(pk=order_id)
    counts = recording.id_counts(0, 1, 5)
    with transaction.atomic():
        locked = lock_states([row.account_id], [row.instrument_id], extras=[orders_statement([order_id]), sql.ids_statement(counts)])
        facts = recording.facts_with_ids(locked.extras[1], counts, locked.recorded_at)
        [(one, freeze, _)] = read_orders(locked.extras[0])
        state, dealing = locked.states[one.account_id], locked.dealings[one.market_id, one.instrument_id]
        assert dealing.quote is not None
        assert one.trading_day is not None
        execution.fill(
            one, state, freeze, dealing, dealing.quote, quantity=D(1), price=D(1899), day=one.trading_day, at=locked.recorded_at, facts=facts
        )
        recording.write(facts)
