"""Whoever first touches a new day: the result is the same as if the scheduled settlement had come first, for every account and every calendar."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from accounts.models import AccountDay, Lot
from accounts.services import marking
from orders.enums import OrderStatus, TimeInForce
from quotes.domain.ticks import Tick
from quotes.models import FeeSchedule, Instrument, Listing, MarginSchedule, Market, SessionCalendar, SessionWindow, SettlementPrice
from quotes.selectors import calendars
from quotes.services import ticks as tick_service
from settlement.exceptions import DayNotSettleable, SettlementIncomplete
from settlement.selectors import due_day
from settlement.services.run import settle
from tests.factories.books import assert_books_are_right
from tests.factories.desk import MONDAY, Desk, funds, make_desk, order

pytestmark = pytest.mark.django_db
DAY = 86_400
FIRST = MONDAY.date()


@pytest.mark.parametrize("run_first", [True, False])
def test_margin_at_the_previous_settlement_is_at_the_one_just_priced(db: None, run_first: bool) -> None:
    desk = make_desk(margin_basis="PREVIOUS_SETTLEMENT")
    account = desk.account("100000")
    desk.quote("2100.00", "2100.50")
    desk.quote("2100.00", "2100.50", seconds=DAY)
    if run_first:
        with desk.now():
            settle(desk.market.pk, FIRST)
    resting = desk.buy(account, 1, "1990.00")
    # 2100.25 × 100 × 5 % = 10,501.25, not 9,950.00 of the limit
    assert order(resting).status == OrderStatus.WORKING
    assert funds(account).frozen_margin == Decimal("10501.25")
    desk.buy(account)
    assert Lot.objects.get(account=account).margin == Decimal("10501.25")


@pytest.mark.parametrize("touched", [0, 1])
def test_a_markets_first_days_are_priced_from_the_first_booking_whoever_is_touched(desk: Desk, touched: int) -> None:
    FeeSchedule.objects.update(overnight_per_lot=Decimal("3.00"))
    early = desk.account("100000")
    desk.buy(early)
    desk.quote("2000.00", "2000.50", seconds=2 * DAY)
    late = desk.account("100000")
    desk.quote("2000.00", "2000.50", seconds=DAY)
    desk.close_long(early) if touched == 0 else desk.buy(late)
    with desk.now():
        while due_day(desk.market) is not None:
            settle(desk.market.pk)
    days = AccountDay.objects.filter(account=early).order_by("trading_day")
    assert [d.trading_day for d in days] == [FIRST + timedelta(days=n) for n in range(3)]
    assert [d.fees for d in days] == [Decimal("8.00"), Decimal("3.00"), Decimal("3.00")]
    assert_books_are_right()


def test_a_flat_account_gets_its_money_back_from_yesterdays_day_orders_before_the_next_check(desk: Desk) -> None:
    account = desk.account("15000")
    yesterday = desk.buy(account, 1, "1900.00", time_in_force=TimeInForce.DAY)
    desk.quote("2000.00", "2000.50", seconds=DAY)
    today = desk.buy(account)  # 10,002.50 are needed, 9,505.00 of 15,000 were frozen
    assert (order(yesterday).status, today.status) == (OrderStatus.EXPIRED, OrderStatus.FILLED)
    first = AccountDay.objects.get(account=account)
    assert (first.trading_day, first.frozen, first.margin, first.lots) == (FIRST, 0, 0, 0)
    assert_books_are_right()


def test_the_markets_days_are_those_of_its_first_listing_whatever_else_trades_in_it(desk: Desk) -> None:
    weekdays = SessionCalendar.objects.create(code="WEEKDAYS", name="Weekdays", timezone="UTC", trading_weekdays="12345")
    SessionWindow.objects.bulk_create(SessionWindow(calendar=weekdays, weekday=d, opens_at=time(0), closes_at=time(0)) for d in range(1, 6))
    silver = Instrument.objects.create(symbol="SILVER", name="Silver", multiplier=100, tick_size=Decimal("0.01"))
    MarginSchedule.objects.create(instrument=silver, effective_from=FIRST, rate=Decimal("0.05"))
    Listing.objects.create(market=desk.market, instrument=silver, calendar=desk.calendar)  # round the clock
    Listing.objects.filter(market=desk.market, instrument=desk.gold).update(calendar=weekdays)
    calendars.forget()
    holder, other = desk.account("100000"), desk.account("100000")
    desk.quote("2000.00", "2000.50")
    desk.buy(holder)
    desk.at = datetime(2026, 3, 8, 12, tzinfo=UTC)  # Sunday
    with desk.now():
        tick_service.record(desk.market.pk, silver.pk, [Tick(0, desk.at, Decimal("30.00"), Decimal("30.10"))], "test")
    silver_order = desk.place([desk.request(other, "BUY", 1, instrument_id=silver.pk), desk.request(holder, "BUY", 1, instrument_id=silver.pk)])
    assert {o.status for o in silver_order} == {OrderStatus.FILLED}
    assert set(SettlementPrice.objects.values_list("trading_day", flat=True)) == {FIRST + timedelta(days=n) for n in range(5)}  # Monday to Friday
    assert_books_are_right()


def test_a_market_of_recorded_days_has_nothing_to_settle_before_its_first_tick(db: None) -> None:
    desk = make_desk(market_code="PAST")
    Market.objects.filter(pk=desk.market.pk).update(clock="FEED")
    connection.cursor().execute("UPDATE quotes_latestquote SET time = NULL, seq = NULL")
    desk.market.refresh_from_db()
    desk.account("1000")
    assert due_day(desk.market) is None
    with pytest.raises(DayNotSettleable, match="no tick yet"):
        settle(desk.market.pk)


def test_an_account_that_fails_in_an_unforeseen_way_does_not_stop_the_others(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts = [desk.account("100000") for _ in range(5)]
    for account in accounts:
        desk.buy(account)
    faulty = accounts[2]
    original = marking._mark

    def mark(state, *rest):  # type: ignore[no-untyped-def]
        if state.id == faulty.pk:
            raise KeyError("unforeseen")
        return original(state, *rest)

    monkeypatch.setattr(marking, "_mark", mark)
    with desk.now(), pytest.raises(SettlementIncomplete) as refusal:
        settle(desk.market.pk)
    assert refusal.value.extra == {"accounts": [faulty.pk], "settled": 4}
    monkeypatch.undo()
    with desk.now():
        assert settle(desk.market.pk).accounts == 5
    assert_books_are_right()
