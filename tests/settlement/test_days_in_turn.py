"""Days are settled one after another, none left out, none ahead, none that is no trading day; whatever touches a new day prices the old one first."""

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.exceptions import InsufficientFunds
from accounts.models import AccountDay
from accounts.services.cash import post_cash
from orders.enums import OrderStatus, TimeInForce
from orders.services.placement import place_orders
from quotes.domain.ticks import Tick
from quotes.models import FeeSchedule, Market, SessionCalendar, SettlementPrice
from quotes.selectors import calendars
from quotes.services import settlement_prices
from quotes.services import ticks as tick_service
from settlement.exceptions import DayNotSettleable
from settlement.models import SettlementRun
from settlement.selectors import due_day, next_day
from settlement.services.run import settle
from settlement.tasks import settle_due_markets
from tests.factories.books import assert_books_are_right
from tests.factories.desk import MONDAY, Desk, funds, make_desk, order
from tests.race.threads import together
from tradingdesk.kernel import clock

DAY = 86_400
FIRST = MONDAY.date()


def weekdays_only(desk: Desk) -> None:
    SessionCalendar.objects.filter(pk=desk.calendar.pk).update(trading_weekdays="12345")
    desk.calendar.windows.filter(weekday__in=[6, 7]).delete()
    calendars.forget()


@pytest.mark.django_db
def test_settling_again_and_again_stays_on_the_calendars_day(desk: Desk) -> None:
    FeeSchedule.objects.update(overnight_per_lot=Decimal("2.50"))
    account = desk.account("100000")
    desk.buy(account)
    with desk.now():
        runs = {settle(desk.market.pk).trading_day for _ in range(3)}
    assert runs == {FIRST}
    assert funds(account).balance == Decimal("100000") - 5 - Decimal("2.50") + AccountDay.objects.get(account=account).holding_pnl


@pytest.mark.django_db
def test_a_weekend_day_is_refused(desk: Desk) -> None:
    weekdays_only(desk)
    desk.account("100000")
    desk.quote("2000.00", "2000.50", seconds=7 * DAY)  # the Monday after
    with desk.now(), pytest.raises(DayNotSettleable, match="not a trading day"):
        settle(desk.market.pk, FIRST + timedelta(days=5))


@pytest.mark.django_db
def test_days_that_nobody_settled_are_made_up_for_one_by_one_at_their_own_prices(desk: Desk) -> None:
    FeeSchedule.objects.update(overnight_per_lot=Decimal("2.50"))
    Market.objects.update(settles_automatically=True)
    account = desk.account("100000")
    desk.buy(account)
    desk.quote("2100.00", "2100.50", seconds=DAY)  # Tuesday; Wednesday has no tick at all
    desk.at += timedelta(seconds=2 * DAY)
    with desk.now():
        assert settle_due_markets() == 3
        assert due_day(desk.market) is None
    days = AccountDay.objects.filter(account=account).order_by("trading_day")
    assert [d.trading_day for d in days] == [FIRST + timedelta(days=n) for n in range(3)]
    # 2000.50 → 2000.25 → 2100.25 → no tick, so Tuesday's again; 2.50 a night
    assert [d.holding_pnl for d in days] == [Decimal("-25.00"), Decimal("10000.00"), Decimal("0.00")]
    assert [d.fees for d in days] == [Decimal("7.50"), Decimal("2.50"), Decimal("2.50")]
    assert_books_are_right()


@pytest.mark.django_db
def test_a_run_that_was_begun_comes_before_the_days_after_it(desk: Desk) -> None:
    desk.account("100000")
    SettlementRun.objects.create(market=desk.market, trading_day=FIRST, started_at=desk.at)
    desk.quote("2000.00", "2000.50", seconds=3 * DAY)
    with desk.now():
        assert (next_day(desk.market), due_day(desk.market)) == (FIRST, FIRST)


@pytest.mark.django_db
def test_an_account_that_is_touched_on_the_new_day_first_gets_the_old_days_mark_and_fee(desk: Desk) -> None:
    FeeSchedule.objects.update(overnight_per_lot=Decimal("3.00"))
    touched, waiting = desk.account("100000"), desk.account("100000")
    for account in (touched, waiting):
        desk.buy(account)
    desk.quote("2010.00", "2010.50", seconds=DAY)
    desk.close_long(touched)  # before anybody settled the day before
    with desk.now():
        settle(desk.market.pk)
    first, second = (AccountDay.objects.get(account=a, trading_day=FIRST) for a in (touched, waiting))
    assert (first.fees, first.holding_pnl) == (second.fees, second.holding_pnl) == (Decimal("8.00"), Decimal("-25.00"))
    assert SettlementPrice.objects.get(trading_day=FIRST).price == Decimal("2000.25")
    # since the settlement price: (2010.00 − 2000.25) × 100 = 975.00
    assert funds(touched).balance == Decimal("100000") - 5 - 3 - 25 + 975 - 5
    assert_books_are_right()


@pytest.mark.django_db
def test_what_is_paid_in_before_a_recorded_day_begins_counts_to_that_day(db: None) -> None:
    desk = make_desk(market_code="REPLAY")
    replay = Market.objects.create(code="PAST", name="Recorded", kind="TRAINING", clock="FEED", settles_automatically=False)
    desk.market.listings.update(market=replay)
    desk.market = replay
    account = desk.account("50000")
    then = MONDAY - timedelta(days=4000)
    tick_service.record(replay.pk, desk.gold.pk, [Tick(0, then, Decimal("1200.00"), Decimal("1200.50"))], "file")
    run = settle(replay.pk)
    assert run.trading_day == then.date()
    day = AccountDay.objects.get(account=account)
    assert (day.cash, day.closing_balance) == (Decimal("50000.00"), Decimal("50000.00"))
    assert run.steps.get(name="PROOF").detail["unequal_accounts"] == []


def test_a_day_order_that_is_being_placed_while_the_day_is_settled_does_not_outlive_it(committed_desk: Desk) -> None:
    desk = committed_desk
    for number in range(4):
        desk.quote("2000.00", "2000.50", seconds=DAY if number else 1)
        account = desk.account("100000")
        request = desk.request(account, "BUY", 1, "1900.00", time_in_force=TimeInForce.DAY)
        day = desk.at.date()
        outcomes, run = together(desk, lambda r=request: place_orders([r]), lambda d=day: settle(desk.market.pk, d))
        assert run.status == "DONE"
        placed = order(outcomes[0])
        ended = placed.trading_day == day
        assert placed.status == (OrderStatus.EXPIRED if ended else OrderStatus.WORKING)
        assert AccountDay.objects.get(account=account, trading_day=day).frozen == 0 or not ended
        assert_books_are_right()


@pytest.mark.django_db
def test_prices_stay_as_they_were_fixed(desk: Desk) -> None:
    desk.account("100000")
    with clock.fixed(desk.at):
        first = settlement_prices.fix(desk.market.pk, FIRST)
    desk.quote("2100.00", "2100.50")
    with clock.fixed(desk.at):
        assert settlement_prices.fix(desk.market.pk, FIRST) == first


@pytest.mark.django_db
def test_floating_losses_are_never_paid_out_whatever_the_tier_counts(desk: Desk) -> None:
    desk.tier.floating = "NONE"
    desk.tier.save()
    account = desk.account("20000")
    desk.buy(account)
    desk.quote("1910.00", "1910.50")
    # balance 19,995 − margin 10,002.50 − floating loss 9,050 = 942.50
    with desk.now(), pytest.raises(InsufficientFunds):
        post_cash(account.pk, Decimal("-942.51"), reason="Too much")
    with desk.now():
        post_cash(account.pk, Decimal("-942.50"), reason="The rest")
