"""The wall clock goes back, by an hour or a day: trading days do not, nothing is booked on a settled day, no quote is dealt on whose age is unknown."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from accounts.models import AccountDay, Entry
from accounts.services.cash import post_cash
from orders.enums import OrderStatus, Reason
from quotes.domain.ticks import Tick
from quotes.enums import TickFlag
from quotes.models import LatestQuote
from quotes.models import Tick as TickRow
from quotes.services.ticks import record
from settlement.exceptions import DayNotSettleable
from settlement.models import SettlementRun
from settlement.selectors import due_markets
from settlement.services.run import settle
from tests.factories.books import assert_books_are_right
from tests.factories.desk import MONDAY, Desk, funds, order
from tradingdesk.kernel import clock

TUESDAY = MONDAY.date() + timedelta(days=1)
pytestmark = pytest.mark.django_db


def fresh_quote(desk: Desk, bid: str, ask: str) -> None:
    """A tick of now, whatever the clock says now is: an exchange's own clock goes on, so its time is the newest there is."""
    newest = LatestQuote.objects.get(market=desk.market)
    assert newest.time is not None
    with desk.now():
        record(desk.market.pk, desk.gold.pk, [Tick(0, newest.time + timedelta(seconds=1), Decimal(bid), Decimal(ask))], "test")


def settled_monday(desk: Desk) -> None:
    """Monday was traded and is settled; it is Tuesday, and was traded too."""
    desk.quote("2010.00", "2010.50", seconds=86_400)
    with desk.now():
        assert settle(desk.market.pk).trading_day == MONDAY.date()


@pytest.mark.parametrize(("seconds", "denied"), [(0, False), (1, False), (1.001, True), (3_600, True), (86_400, True)])
def test_a_quote_from_the_future_is_not_dealt_on(desk: Desk, seconds: float, denied: bool) -> None:
    account = desk.account()
    before = funds(account)
    desk.at -= timedelta(seconds=seconds)
    outcome = desk.buy(account)
    assert outcome.is_denied is denied
    if denied:
        assert (outcome.reason, outcome.detail["age_seconds"]) == (Reason.STALE_QUOTE, f"{-seconds:.1f}")
        assert "a clock was set back" in outcome.message
        assert (funds(account).version, funds(account).balance, funds(account).frozen) == (before.version, before.balance, before.frozen)


def test_ticks_stamped_by_the_clock_that_was_set_back_fill_nothing_until_it_has_caught_up(desk: Desk) -> None:
    resting = order(desk.buy(desk.account(), 1, "1990.00"))
    desk.quote("2000.00", "2000.50")
    newest = LatestQuote.objects.get(market=desk.market)
    desk.at -= timedelta(hours=1)
    assert desk.quote("1980.00", "1980.50") == 0
    resting.refresh_from_db()
    assert resting.status == OrderStatus.WORKING
    assert list(TickRow.objects.filter(market=desk.market, seq__gt=newest.seq).values_list("flag", flat=True)) == [TickFlag.BACKWARDS]
    assert LatestQuote.objects.get(market=desk.market).seq == newest.seq
    desk.at += timedelta(hours=1, seconds=5)
    assert desk.quote("1980.00", "1980.50") == 1


def test_a_day_back_orders_and_cash_are_booked_on_the_day_that_had_begun(desk: Desk) -> None:
    account = desk.account()
    desk.buy(account, 2)
    settled_monday(desk)
    first = order(desk.buy(account, 1))
    desk.at -= timedelta(days=1)
    fresh_quote(desk, "2011.00", "2011.50")
    back = [order(desk.buy(account, 1)), order(desk.close_long(account, 1)), order(desk.buy(account, 1, "1990.00", time_in_force="DAY"))]
    with desk.now():
        post_cash(account.pk, Decimal("100.00"), reason="While the clock is wrong")
    assert {one.trading_day for one in (first, *back)} == {TUESDAY}
    assert [one.status for one in back] == [OrderStatus.FILLED, OrderStatus.FILLED, OrderStatus.WORKING]
    assert sorted(one.pk for one in back) == [one.pk for one in back]
    assert first.pk < back[0].pk
    settled = AccountDay.objects.get(account=account)
    assert settled.trading_day == MONDAY.date()
    later = Entry.objects.filter(account=account, account_version__gt=settled.account_version)
    assert set(later.values_list("trading_day", flat=True)) == {TUESDAY}
    assert_books_are_right()


def test_a_day_back_nothing_is_settled_and_nothing_twice(desk: Desk) -> None:
    account = desk.account()
    desk.buy(account, 2)
    desk.market.settles_automatically = True
    desk.market.save()
    settled_monday(desk)
    before = funds(account)
    desk.at -= timedelta(days=1)
    with desk.now():
        assert due_markets() == []
        assert settle(desk.market.pk).trading_day == MONDAY.date()  # its run, as it was
        with pytest.raises(DayNotSettleable):
            settle(desk.market.pk, TUESDAY)
    assert SettlementRun.objects.count() == AccountDay.objects.count() == 1
    assert (funds(account).version, funds(account).balance) == (before.version, before.balance)
    assert_books_are_right()


def test_once_the_clock_is_right_again_the_day_goes_on_and_is_settled_once(desk: Desk) -> None:
    account = desk.account()
    desk.buy(account, 2)
    settled_monday(desk)
    desk.at -= timedelta(days=1)
    fresh_quote(desk, "2011.00", "2011.50")
    day_order = order(desk.buy(account, 1, "1990.00", time_in_force="DAY"))
    desk.at += timedelta(days=1, minutes=1)
    desk.quote("2012.00", "2012.50")
    desk.buy(account, 1)
    desk.quote("2013.00", "2013.50", seconds=86_400)
    with desk.now():
        settle(desk.market.pk)
    day_order.refresh_from_db()
    assert day_order.status == OrderStatus.EXPIRED
    days = list(AccountDay.objects.filter(account=account).order_by("trading_day").values_list("trading_day", flat=True))
    assert days == [MONDAY.date(), TUESDAY]
    assert all(proof.difference == 0 for run in SettlementRun.objects.all() for proof in run.proofs.all())
    assert_books_are_right()


def test_days_that_nobody_settled_stay_in_turn(desk: Desk) -> None:
    account = desk.account()
    desk.buy(account, 1)
    desk.quote("2010.00", "2010.50", seconds=86_400)
    on_tuesday = order(desk.buy(account, 1))  # the first touch of Tuesday settles Monday for it
    desk.at -= timedelta(days=1)
    fresh_quote(desk, "2011.00", "2011.50")
    with clock.fixed(desk.at):
        back = order(desk.buy(account, 1))
    days: set[date | None] = {on_tuesday.trading_day, back.trading_day}
    assert days == {TUESDAY}
    assert_books_are_right()
