"""Settlement prices that the desk has decided on, and a day without any."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AccountDay, Lot
from quotes.models import Market, SettlementPrice
from settlement.models import SettlementRun
from settlement.services.run import settle
from tests.factories.books import assert_books_are_right
from tests.factories.desk import MONDAY, Desk
from tradingdesk.kernel.errors import Conflict, InvalidRequest, NotFound

pytestmark = pytest.mark.django_db
D = Decimal


def test_a_given_price_is_what_the_day_is_settled_at(desk: Desk) -> None:
    account = desk.account("100000")
    desk.buy(account, 1)  # at 2000.50
    with desk.now():
        run = settle(desk.market.pk, prices={desk.gold.pk: D("2010.00")})
    day = AccountDay.objects.get(account=account)
    assert (day.holding_pnl, day.margin, run.status) == (D("950.00"), D("10050.00"), "DONE")
    assert SettlementPrice.objects.get().method == "GIVEN"
    assert_books_are_right()


def test_without_a_price_lots_keep_their_basis_and_are_carried(desk: Desk) -> None:
    account = desk.account("100000")
    desk.buy(account, 1)  # at 2000.50
    with desk.now():
        settle(desk.market.pk, prices={desk.gold.pk: None})
    lot, day = Lot.objects.get(), AccountDay.objects.get(account=account)
    assert (lot.basis_price, lot.marked_through) == (D("2000.50"), MONDAY.date())
    assert (day.holding_pnl, day.margin) == (0, D("10002.50"))
    assert_books_are_right()
    desk.at += timedelta(days=1)
    with desk.now():
        settle(desk.market.pk, prices={desk.gold.pk: D("2001.50")})
    assert AccountDay.objects.get(account=account, trading_day=desk.at.date()).holding_pnl == D("100.00")


@pytest.mark.parametrize("price", ["0", "-1", "NaN", "Infinity", "2000.1234567", "1E14"])
def test_a_price_that_is_none_is_refused_before_anything_is_fixed(desk: Desk, price: str) -> None:
    with pytest.raises(InvalidRequest), desk.now():
        settle(desk.market.pk, prices={desk.gold.pk: D(price)})
    assert not SettlementPrice.objects.exists()
    assert Market.objects.get(pk=desk.market.pk).priced_through is None


def test_what_is_not_listed_is_refused(desk: Desk) -> None:
    with pytest.raises(NotFound), desk.now():
        settle(desk.market.pk, prices={desk.gold.pk + 1: D(1)})
    assert not SettlementPrice.objects.exists()


def test_what_is_fixed_stays(desk: Desk) -> None:
    with desk.now():
        first = settle(desk.market.pk, prices={desk.gold.pk: D("2010.00")})
        assert settle(desk.market.pk, first.trading_day, prices={desk.gold.pk: D("2010.00")}) == first
        for other in (D("2011.00"), None):
            with pytest.raises(Conflict):
                settle(desk.market.pk, first.trading_day, prices={desk.gold.pk: other})
    assert SettlementPrice.objects.get().price == D("2010.00")


def test_the_command_takes_prices(desk: Desk) -> None:
    with desk.now():
        call_command("settle", desk.market.code, "--price", f"{desk.gold.symbol}=2010.00")
    assert SettlementPrice.objects.get().price == D("2010.00")


@pytest.mark.parametrize("word", ["SILVER=1", "GOLD-TEST", "GOLD-TEST=", "GOLD-TEST=abc", "GOLD-TEST=0"])
def test_the_command_says_what_is_wrong_with_a_price(desk: Desk, word: str) -> None:
    with pytest.raises(CommandError), desk.now():
        call_command("settle", desk.market.code, "--price", word)
    assert not SettlementPrice.objects.exists()
    assert SettlementRun.objects.filter(status="DONE").count() == 0
