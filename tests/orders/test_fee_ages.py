"""Closes that are charged by another age than that of the lots they take (rules/futures.md §4): close 1.20 a lot, close today 0.50."""

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.models import Account, Lot
from orders.models import Order
from orders.services.cancellation import cancel_orders
from quotes.models import FeeSchedule, Instrument
from settlement.services.run import settle
from tests.factories.books import assert_books_are_right
from tests.factories.desk import Desk, funds, make_desk, order

pytestmark = pytest.mark.django_db
D = Decimal


def carried_3_opened_1(**rules: str) -> tuple[Desk, Account]:
    desk = make_desk(**rules)
    FeeSchedule.objects.update(open_per_lot=0, close_per_lot=D("1.20"), close_today_per_lot=D("0.50"))
    account = desk.account("1000000")
    desk.buy(account, 3)
    with desk.now():
        settle(desk.market.pk)
    desk.at += timedelta(days=1)
    desk.quote("2000.00", "2000.50")
    desk.buy(account, 1)
    return desk, account


def fees(desk: Desk, account: Account, *quantities: int) -> list[Decimal]:
    return [order(desk.close_long(account, quantity)).fees for quantity in quantities]


def test_a_lot_of_today_that_is_closed_and_not_charged_is_charged_later() -> None:
    desk, account = carried_3_opened_1(close_order="TODAY_FIRST", fee_age="FIFO")
    today = Lot.objects.latest("id")
    # The first close takes today's lot and is charged as a carried one; the last takes a carried one and is charged as today's.
    assert fees(desk, account, 1, 2, 1) == [D("1.20"), D("2.40"), D("0.50")]
    today.refresh_from_db()
    assert (today.quantity, today.charged_today) == (D(0), D(1))
    assert_books_are_right()


def test_when_a_lot_was_closed_stays_when_it_is_charged_later() -> None:
    desk, account = carried_3_opened_1(close_order="TODAY_FIRST", fee_age="FIFO")
    desk.close_long(account, 1)
    closed_at = Lot.objects.get(quantity=0).closed_at
    desk.close_long(account, 3)
    assert Lot.objects.get(quantity=0, charged_today=1).closed_at == closed_at is not None


def test_todays_pool_is_used_up_first_where_the_fee_says_so() -> None:
    desk, account = carried_3_opened_1(fee_age="TODAY_FIRST")
    assert fees(desk, account, 1, 1) == [D("0.50"), D("1.20")]
    desk.buy(account, 1)  # one more to charge
    assert fees(desk, account, 2, 1) == [D("1.70"), D("1.20")]
    assert funds(account).margin == 0
    assert_books_are_right()


def test_a_day_later_nothing_is_of_today() -> None:
    desk, account = carried_3_opened_1(fee_age="TODAY_FIRST")
    desk.close_long(account, 1)
    with desk.now():
        settle(desk.market.pk)
    desk.at += timedelta(days=1)
    desk.quote("2000.00", "2000.50")
    assert fees(desk, account, 2, 1) == [D("2.40"), D("1.20")]


def test_a_rule_that_changes_within_the_day_goes_on_with_what_is_chargeable() -> None:
    desk, account = carried_3_opened_1(close_order="TODAY_FIRST", fee_age="FIFO")
    assert fees(desk, account, 1) == [D("1.20")]
    Instrument.objects.update(close_order="FIFO", fee_age="TODAY_FIRST")
    assert fees(desk, account, 1, 2) == [D("0.50"), D("2.40")]
    assert_books_are_right()


@pytest.mark.parametrize(("fee_age", "frozen"), [("FIFO", "3.60"), ("TODAY_FIRST", "2.90")])
def test_a_closing_order_freezes_what_it_would_be_charged_now(fee_age: str, frozen: str) -> None:
    desk, account = carried_3_opened_1(fee_age=fee_age)
    resting = desk.close_long(account, 3, "2100.00")
    assert (funds(account).frozen_fee, funds(account).frozen_margin) == (D(frozen), D(0))
    desk.quote("2100.00", "2100.50")
    assert (order(resting).fees, funds(account).frozen_fee) == (D(frozen), D(0))
    assert_books_are_right()


@pytest.mark.parametrize("fee_age", ["FIFO", "TODAY_FIRST"])
@pytest.mark.parametrize("cap", [1, 2, 3])
def test_a_close_in_parts_pays_what_it_would_pay_at_once(fee_age: str, cap: int) -> None:
    desk, account = carried_3_opened_1(fee_age=fee_age)
    resting = desk.close_long(account, 4, "2001.00")
    desk.cap(cap)
    for _ in range(4):
        desk.quote("2001.00", "2001.50")
    assert order(resting).fees == D("4.10")
    assert [freeze for freeze in (funds(account).frozen_fee, funds(account).frozen_margin) if freeze] == []
    assert_books_are_right()


def test_a_canceled_close_charges_nothing_of_the_pool() -> None:
    desk, account = carried_3_opened_1(fee_age="TODAY_FIRST")
    resting = desk.close_long(account, 1, "2100.00")
    with desk.now():
        cancel_orders([resting.order_id])
    assert Order.objects.get(pk=resting.order_id).fees == 0
    assert not Lot.objects.filter(charged_today__gt=0).exists()
    assert fees(desk, account, 1) == [D("0.50")]
