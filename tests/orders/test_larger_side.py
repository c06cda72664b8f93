"""Larger-side margin (rules/futures.md §5.4): two months of one product, 10 %, multiplier 1,000, no fees; at 100.00 the margin is 10,000 a lot."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.models import Account, Freeze, Lot
from accounts.selectors import figures
from orders.enums import Effect, OrderStatus, Reason, Side
from orders.models import Order
from orders.services.cancellation import cancel_orders
from quotes.models import FeeSchedule, Instrument, Listing, MarginSchedule
from settlement.services.run import settle
from tests.factories.books import assert_books_are_right
from tests.factories.desk import Desk, funds, make_desk

pytestmark = pytest.mark.django_db
D = Decimal


@dataclass
class Product:
    """December and February of AU."""

    desk: Desk
    december: Instrument
    february: Instrument

    def account(self, cash: str = "1000000") -> Account:
        return self.desk.account(cash)

    def trade(self, account: Account, month: Instrument, side: Side, lots: int, effect: Effect = Effect.OPEN, limit: str | None = None) -> int:
        """Places it now; the order's id. A limit away from 100.00 rests."""
        self.desk.quote("100.00", "100.00", instrument=month)
        outcome = self.desk.place([self.desk.request(account, side, lots, limit, effect=effect, instrument_id=month.pk)])[0]
        assert outcome.status == (OrderStatus.WORKING if limit else OrderStatus.FILLED), outcome
        assert outcome.order_id is not None
        return outcome.order_id

    def settle(self) -> None:
        for month in (self.december, self.february):
            self.desk.quote("100.00", "100.00", instrument=month)
        with self.desk.now():
            settle(self.desk.market.pk)
        assert_books_are_right()
        self.desk.at += timedelta(days=1)


@pytest.fixture
def au(db: None) -> Product:
    desk = make_desk(symbol="AU12", product="AU", multiplier=1000, max_order_quantity=None)
    FeeSchedule.objects.update(open_per_lot=0, close_per_lot=0, close_today_per_lot=0)
    MarginSchedule.objects.update(rate=D("0.10"), is_larger_side=True)
    february = desk.list_another("AU02", product="AU")
    Listing.objects.update(max_jump_rate=0)
    return Product(desk, desk.gold, february)


def test_long_100_000_against_short_80_000_and_30_000_more_short_in_another_month(au: Product) -> None:
    account = au.account()
    au.trade(account, au.december, Side.BUY, 10)
    au.trade(account, au.december, Side.SELL, 8)
    assert funds(account).margin == D(100_000)
    au.trade(account, au.february, Side.SELL, 3)
    assert funds(account).margin == D(110_000)
    assert [lot.margin for lot in Lot.objects.order_by("id")] == [D(100_000), D(80_000), D(30_000)]  # each lot's own
    assert (figures(account.pk).margin, figures(account.pk).available) == (D(110_000), D(890_000))
    assert_books_are_right()


def test_a_pending_order_freezes_only_what_it_adds_and_others_count_it(au: Product) -> None:
    account = au.account()
    au.trade(account, au.december, Side.BUY, 10)
    hedge = au.trade(account, au.february, Side.SELL, 8, limit="110.00")  # 88,000 by itself: nothing beside 100,000
    assert (funds(account).frozen_margin, Freeze.objects.get(order_id=hedge).gross_margin) == (D(0), D(88_000))
    more = au.trade(account, au.december, Side.SELL, 3, limit="110.00")  # 88,000 + 33,000 − 100,000
    assert (Freeze.objects.get(order_id=more).margin, funds(account).frozen_margin) == (D(21_000), D(21_000))
    longer = au.trade(account, au.december, Side.BUY, 2, limit="90.00")  # 118,000 is still less than 121,000
    assert Freeze.objects.get(order_id=longer).margin == D(0)
    assert_books_are_right()
    with au.desk.now():
        cancel_orders([more])
    assert funds(account).frozen_margin == D(0)
    again = au.trade(account, au.december, Side.SELL, 3, limit="110.00")  # 121,000 − 118,000: the pending buy counts, the cancelled sell does not
    assert Freeze.objects.get(order_id=again).margin == D(3_000)
    assert_books_are_right()


def test_what_a_part_has_filled_is_a_lot_and_no_longer_pending(au: Product) -> None:
    account = au.account()
    au.trade(account, au.december, Side.BUY, 10)
    au.desk.cap(3)
    resting = au.trade(account, au.december, Side.SELL, 12, limit="110.00")  # 132,000 − 100,000
    assert funds(account).frozen_margin == D(32_000)
    au.desk.quote("110.00", "110.00")
    # 3 of 12: a quarter of the freeze is captured; 33,000 of lots and 99,000 pending make 132,000 as before
    assert (funds(account).frozen_margin, funds(account).margin) == (D(24_000), D(100_000))
    au.desk.cap(None)
    added = au.trade(account, au.december, Side.SELL, 1, limit="110.00")
    assert Freeze.objects.get(order_id=added).margin == D(11_000)
    with au.desk.now():
        cancel_orders([resting, added])
    assert (funds(account).frozen_margin, funds(account).margin) == (D(0), D(100_000))
    assert_books_are_right()


def test_closing_the_larger_side_leaves_the_other_one(au: Product) -> None:
    account = au.account()
    au.trade(account, au.december, Side.BUY, 10)
    au.trade(account, au.february, Side.SELL, 8)
    au.trade(account, au.december, Side.SELL, 5, Effect.CLOSE)
    assert funds(account).margin == D(80_000)
    au.trade(account, au.february, Side.BUY, 8, Effect.CLOSE)
    assert funds(account).margin == D(50_000)
    assert_books_are_right()


def test_funds_for_the_larger_side_are_enough(au: Product) -> None:
    account = au.account("105000")
    au.trade(account, au.december, Side.BUY, 10)
    au.trade(account, au.february, Side.SELL, 10)  # 200,000 by the sum of both sides
    refused = au.desk.place([au.desk.request(account, Side.SELL, 1, instrument_id=au.february.pk)])[0]
    assert (refused.reason, refused.detail["required"]) == (Reason.INSUFFICIENT_FUNDS, "10000")
    assert (funds(account).frozen, funds(account).margin) == (D(0), D(100_000))


def test_the_freeze_stays_as_it_was_when_what_it_leaned_on_is_closed(au: Product) -> None:
    account = au.account()
    au.trade(account, au.december, Side.BUY, 10)
    hedge = au.trade(account, au.february, Side.SELL, 8, limit="110.00")
    au.trade(account, au.december, Side.SELL, 10, Effect.CLOSE)
    assert (funds(account).frozen_margin, funds(account).margin) == (D(0), D(0))
    au.desk.quote("110.00", "110.00", instrument=au.february)
    assert (order_of(hedge).status, funds(account).margin) == (OrderStatus.FILLED, D(88_000))
    assert_books_are_right()


def test_two_products_or_another_account_do_not_hedge(au: Product) -> None:
    silver = au.desk.list_another("AG12", product="AG")
    account, other = au.account(), au.account()
    au.trade(account, au.december, Side.BUY, 10)
    au.trade(account, silver, Side.SELL, 8)
    au.trade(other, au.february, Side.SELL, 8)
    assert (funds(account).margin, funds(other).margin) == (D(180_000), D(80_000))


def test_without_a_product_an_instrument_is_its_own(au: Product) -> None:
    alone = au.desk.list_another("SPOT")
    account = au.account()
    au.trade(account, alone, Side.BUY, 10)
    au.trade(account, alone, Side.SELL, 8)
    assert ({lot.margin_group for lot in Lot.objects.all()}, funds(account).margin) == ({"SPOT"}, D(100_000))


def test_settlement_puts_the_lots_on_tomorrows_schedule(au: Product) -> None:
    tomorrow = (au.desk.at + timedelta(days=1)).date()
    for month in (au.december, au.february):
        MarginSchedule.objects.create(instrument=month, effective_from=tomorrow, rate=D("0.20"), is_larger_side=False)
    account = au.account()
    au.trade(account, au.december, Side.BUY, 10)
    resting = au.trade(account, au.february, Side.SELL, 8, limit="110.00")
    au.trade(account, au.february, Side.SELL, 8)
    assert funds(account).margin == D(100_000)
    au.settle()
    assert (funds(account).margin, {lot.margin_group for lot in Lot.objects.all()}) == (D(360_000), {""})
    # The resting order keeps the rates it was placed with, and so the group; its lot joins the others at the next settlement.
    au.desk.quote("110.00", "110.00", instrument=au.february)
    filled = Lot.objects.get(opening_fill_id__in=order_of(resting).fills.values("id"))
    assert (filled.margin_group, filled.margin, funds(account).margin) == ("AU", D(88_000), D(448_000))
    au.settle()
    assert {lot.margin_group for lot in Lot.objects.all()} == {""}


def test_an_order_whose_terms_are_older_than_the_rule_is_filled_as_it_was_placed(au: Product) -> None:
    account = au.account()
    au.trade(account, au.december, Side.BUY, 10)
    resting = au.trade(account, au.february, Side.SELL, 8, limit="110.00")
    older = {name: text for name, text in order_of(resting).terms.items() if name not in ("margin_group", "maintenance_per_lot")}
    Order.objects.filter(pk=resting).update(terms=older)
    au.desk.quote("110.00", "110.00", instrument=au.february)
    assert (order_of(resting).status, funds(account).margin) == (OrderStatus.FILLED, D(188_000))
    assert_books_are_right()


def order_of(order_id: int) -> Order:
    return Order.objects.get(pk=order_id)
