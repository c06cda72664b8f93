"""Deals booked at an agreed price: the whole sequence, at that price and fee, whatever the quote says; refused as any order is."""

from dataclasses import replace
from decimal import Decimal
from itertools import count

import pytest

from accounts.models import Account
from orders.enums import Effect, OrderStatus, Reason, Side
from orders.models import Fill, OrderEvent
from orders.services.deals import DealRequest, book_deals
from tests.factories.books import assert_books_are_right
from tests.factories.desk import Desk, funds, order
from tradingdesk.kernel.errors import InvalidRequest

pytestmark = pytest.mark.django_db
D = Decimal
_ids = count(1)


def deal(desk: Desk, account: Account, side: Side, quantity: str, price: str, effect: Effect = Effect.OPEN, fee: str | None = None) -> DealRequest:
    return DealRequest(
        account.pk, desk.gold.pk, side, effect, D(quantity), D(price), f"deal-{next(_ids)}", None if fee is None else D(fee), desk.trader.pk
    )


def test_a_deal_is_filled_at_its_price_and_walks_every_step(desk: Desk) -> None:
    account = desk.account("100000")
    with desk.now():
        outcome = book_deals([deal(desk, account, Side.BUY, "2", "1987.6543")])[0]
    assert (outcome.status, outcome.average_price) == (OrderStatus.FILLED, D("1987.6543"))
    steps = OrderEvent.objects.filter(order_id=outcome.order_id).order_by("id").values_list("step", flat=True)
    assert list(steps) == ["PLACED", "FROZEN", "MATCHED", "FILLED", "RELEASED", "POSITIONED", "SETTLED"]
    fill = Fill.objects.get()
    assert (fill.price, fill.fee, fill.quote_source, order(outcome).source) == (D("1987.6543"), D("10.00"), "desk", "desk")
    # 2 × 1987.6543 × 100 × 5 % = 19,876.543, up to the cent
    assert (funds(account).margin, funds(account).frozen) == (D("19876.55"), 0)
    assert_books_are_right()


def test_an_agreed_fee_replaces_the_schedules_opening_and_closing(desk: Desk) -> None:
    account = desk.account("100000")
    with desk.now():
        opened = book_deals([deal(desk, account, Side.SELL, "1", "2000", fee="8.05")])[0]
        closed = book_deals([deal(desk, account, Side.BUY, "1", "1990", Effect.CLOSE, fee="0")])[0]
    assert (order(opened).fees, order(closed).fees, order(closed).realised_pnl) == (D("8.05"), 0, D("1000.00"))
    assert funds(account).balance == D("100991.95")
    assert_books_are_right()


def test_no_quote_is_needed_and_no_session(desk: Desk) -> None:
    account = desk.account("100000")
    desk.calendar.windows.all().delete()
    desk.at = desk.at.replace(hour=23)  # the quote is eleven hours old
    with desk.now():
        assert book_deals([deal(desk, account, Side.BUY, "1", "2000")])[0].status == OrderStatus.FILLED


@pytest.mark.parametrize(
    ("quantity", "effect", "reason"),
    [
        ("0", Effect.OPEN, Reason.QTY_INVALID),
        ("51", Effect.OPEN, Reason.QTY_OVER_MAXIMUM),
        ("1.5", Effect.OPEN, Reason.QTY_NOT_MULTIPLE),
        ("1", Effect.CLOSE, Reason.CLOSABLE_EXCEEDED),
        ("11", Effect.OPEN, Reason.INSUFFICIENT_FUNDS),
    ],
)
def test_what_the_account_cannot_bear_is_denied(desk: Desk, quantity: str, effect: Effect, reason: Reason) -> None:
    account = desk.account("100000")
    with desk.now():
        outcome = book_deals([deal(desk, account, Side.BUY, quantity, "2000", effect)])[0]
    assert (outcome.status, outcome.reason) == (OrderStatus.DENIED, reason)
    assert (funds(account).balance, funds(account).frozen, Fill.objects.count()) == (D(100_000), 0, 0)


def test_the_same_deal_again_is_the_first_and_at_another_price_or_fee_another(desk: Desk) -> None:
    account = desk.account("100000")
    first = deal(desk, account, Side.BUY, "1", "2000", fee="1.00")
    with desk.now():
        booked = book_deals([first])[0]
        again, dearer, free = book_deals([first, replace(first, price=D(2001)), replace(first, fee=D(0))])
    assert (again.order_id, again.replayed) == (booked.order_id, True)
    assert {dearer.reason, free.reason} == {Reason.DUPLICATE_ID}
    assert Fill.objects.count() == 1


@pytest.mark.parametrize(("price", "fee"), [("0", None), ("-1", None), ("NaN", None), ("2000", "-0.01"), ("2000", "0.001")])
def test_a_price_or_a_fee_that_is_none_is_refused(desk: Desk, price: str, fee: str | None) -> None:
    account = desk.account("100000")
    with pytest.raises(InvalidRequest), desk.now():
        book_deals([deal(desk, account, Side.BUY, "1", "2000"), deal(desk, account, Side.BUY, "1", price, fee=fee)])
    assert Fill.objects.count() == 0
