"""At which price orders freeze and lots occupy margin (rules/futures.md §5.2), through the real services: au, 8 %, multiplier 1,000, S0 391.74."""

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.models import Account, Lot
from orders.enums import Effect, Side
from orders.services.deals import DealRequest, book_deals
from quotes.models import FeeSchedule, Listing, MarginSchedule
from settlement.services.run import settle
from tests.factories.books import assert_books_are_right
from tests.factories.desk import Desk, funds, make_desk

pytestmark = pytest.mark.django_db
D = Decimal
AT_S0, AT_LAST, AT_AVERAGE = D("31339.20"), D("32080.00"), D("32040.00")  # 391.74, 401.00 and 400.50 × 1,000 × 8 %


def desk_with(basis: str) -> tuple[Desk, Account]:
    """A day settled at 391.74; the next is quoted 402.00 / 402.00 and has traded one lot at 400.00 and one at 401.00."""
    desk = make_desk(symbol="AU2106", multiplier=1000, tick_size=D("0.02"), margin_basis=basis, max_order_quantity=None)
    FeeSchedule.objects.update(open_per_lot=0, close_per_lot=0, close_today_per_lot=0)
    MarginSchedule.objects.update(rate=D("0.08"))
    Listing.objects.update(max_jump_rate=0)
    account = desk.account("1000000")
    with desk.now():
        settle(desk.market.pk, prices={desk.gold.pk: D("391.74")})
    desk.at += timedelta(days=1)
    desk.quote("402.00", "402.00", last="400.00", size="1")
    desk.quote("402.00", "402.00", last="401.00", size="1")
    return desk, account


@pytest.mark.parametrize(
    ("basis", "frozen", "occupied"),
    [
        ("PREVIOUS_SETTLEMENT", AT_S0, AT_S0),  # published: whatever the order price
        ("LAST", AT_LAST, AT_LAST),
        ("AVERAGE", AT_AVERAGE, AT_AVERAGE),
        ("ORDER_PRICE", D("31200.00"), D("31120.00")),  # 390.00, then the trade price 389.00
    ],
)
def test_what_an_order_freezes_and_its_lot_occupies(basis: str, frozen: Decimal, occupied: Decimal) -> None:
    desk, account = desk_with(basis)
    desk.buy(account, 1, "390.00")
    assert (funds(account).frozen_margin, funds(account).margin) == (frozen, D(0))
    desk.quote("389.00", "389.00")
    assert (funds(account).frozen_margin, funds(account).margin) == (D(0), occupied)
    assert_books_are_right()


@pytest.mark.parametrize(("basis", "occupied"), [("LAST", D("32400.00")), ("AVERAGE", D("32160.00"))])
def test_a_lot_occupies_what_the_tape_says_when_it_is_filled(basis: str, occupied: Decimal) -> None:
    desk, account = desk_with(basis)
    desk.buy(account, 1, "390.00")
    desk.quote("389.00", "389.00", last="405.00", size="1")  # on average (400 + 401 + 405) ÷ 3 = 402.00
    assert funds(account).margin == occupied


@pytest.mark.parametrize("basis", ["LAST", "AVERAGE"])
def test_carried_lots_stand_at_the_settlement_price_again(basis: str) -> None:
    desk, account = desk_with(basis)
    desk.buy(account, 1)
    with desk.now():
        settle(desk.market.pk, prices={desk.gold.pk: D("395.00")})
    assert Lot.objects.get().margin == D("31600.00")
    desk.at += timedelta(days=1)
    desk.quote("402.00", "402.00", last="401.00", size="1")
    assert funds(account).margin == D("31600.00")
    assert_books_are_right()


@pytest.mark.parametrize("basis", ["LAST", "AVERAGE"])
def test_a_day_without_a_trade_yet_takes_the_middle_of_the_quote(basis: str) -> None:
    desk, account = desk_with(basis)
    desk.quote("402.00", "403.00", seconds=86_400)
    desk.buy(account, 1, "390.00")
    assert funds(account).frozen_margin == D("402.5") * 80


@pytest.mark.parametrize("basis", ["LAST", "AVERAGE"])
def test_a_deal_before_the_days_first_quote_takes_the_settlement_before(basis: str) -> None:
    desk, account = desk_with(basis)
    with desk.now():
        settle(desk.market.pk, prices={desk.gold.pk: D("391.74")})
    desk.at += timedelta(hours=13)
    with desk.now():
        book_deals([DealRequest(account.pk, desk.gold.pk, Side.BUY, Effect.OPEN, D(1), D("410.00"), "deal")])
    assert funds(account).margin == AT_S0
