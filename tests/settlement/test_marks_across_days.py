"""A quote of a day that an account has been settled through values it no more: until the next one its lots stand at the settlement price (DESIGN §1)."""

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.models import Account
from accounts.selectors import figures, positions
from accounts.services.cash import post_cash
from orders.switcher import accounts_at_a_glance
from quotes.services import settlement_prices
from risk.models import RiskEvent
from risk.services.monitoring import sweep
from settlement.services.run import settle
from tests.factories.books import assert_books_are_right
from tests.factories.desk import Desk, funds
from tradingdesk.kernel.errors import DeskError

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def account(desk: Desk) -> Account:
    """Bought one lot at 2000.50; then 1990.00 is quoted: −1,050.00."""
    account = desk.account("12000")
    desk.buy(account, 1)
    desk.quote("1990.00", "1990.50")
    return account


def settled_at(desk: Desk, price: str) -> None:
    with desk.now():
        settle(desk.market.pk, prices={desk.gold.pk: D(price)})


def test_right_after_settlement_nothing_floats_whatever_was_quoted_last(desk: Desk, account: Account) -> None:
    assert figures(account.pk).floating == D(-1050)
    settled_at(desk, "2010.00")
    now, [position] = figures(account.pk), positions(account.pk)
    # 12,000 − 5.00 + 950.00; margin 10,050.00
    assert (now.floating, now.balance, now.equity, now.available, now.withdrawable) == (0, D(12_945), D(12_945), D(2_895), D(2_895))
    assert (position.mark, position.average_price, position.floating) == (D(2010), D(2010), 0)
    assert (funds(account).floating_loss, accounts_at_a_glance(desk.trader)[0].equity) == (0, D(12_945))
    assert_books_are_right()


def test_the_next_days_first_quote_values_again(desk: Desk, account: Account) -> None:
    settled_at(desk, "2010.00")
    desk.quote("2004.00", "2004.50", seconds=86_400)
    assert (figures(account.pk).floating, positions(account.pk)[0].mark) == (D(-600), D(2004))


def test_a_quote_that_comes_after_the_prices_were_fixed_belongs_to_the_day_after_as_bookings_do(desk: Desk, account: Account) -> None:
    settled_at(desk, "2010.00")
    desk.quote("2004.00", "2004.50")  # still Monday by the calendar: the day was settled early, and trading goes on
    assert figures(account.pk).floating == D(-600)
    settled_at_next(desk, "2008.00")
    assert figures(account.pk).floating == 0


def settled_at_next(desk: Desk, price: str) -> None:
    desk.at += timedelta(days=1)
    settled_at(desk, price)


def test_an_account_that_settlement_has_not_reached_is_valued_by_the_quote_from_its_old_basis(desk: Desk, account: Account) -> None:
    with desk.now():
        settlement_prices.fix(desk.market.pk, desk.at.date(), {desk.gold.pk: D("2010.00")})
    assert (figures(account.pk).balance, figures(account.pk).floating) == (D(11_995), D(-1050))


def test_without_a_settlement_price_lots_stand_at_the_basis_they_keep(desk: Desk, account: Account) -> None:
    with desk.now():
        settle(desk.market.pk, prices={desk.gold.pk: None})
    assert (figures(account.pk).floating, positions(account.pk)[0].mark) == (0, D("2000.50"))
    desk.quote("2004.00", "2004.50", seconds=86_400)
    assert figures(account.pk).floating == D(350)


def test_the_margin_sweep_does_not_look_at_what_is_settled(desk: Desk, account: Account) -> None:
    settled_at(desk, "2010.00")  # level 12,945 ÷ 10,050: watch; at the quote of 1990.00 it would be a call
    with desk.now():
        sweep()
    event = RiskEvent.objects.get()
    assert (event.state, event.equity, event.margin) == ("WATCH", D(12_945), D(10_050))


def test_what_can_be_withdrawn_is_by_the_settlement_price(desk: Desk, account: Account) -> None:
    settled_at(desk, "2010.00")
    with desk.now():
        with pytest.raises(DeskError, match=r"2,895\.01 USD are asked for, 2,895\.00 can be withdrawn"):
            post_cash(account.pk, D("-2895.01"), reason="Withdrawal")
        post_cash(account.pk, D("-2895.00"), reason="Withdrawal")
    assert (figures(account.pk).available, figures(account.pk).withdrawable) == (0, 0)
    desk.quote("1990.00", "1990.50", seconds=86_400)
    assert (figures(account.pk).available, figures(account.pk).withdrawable) == (D(-2000), 0)  # a call; nothing can be withdrawn
