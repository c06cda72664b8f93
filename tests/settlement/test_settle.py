"""The end of a day, figure by figure. Gold: multiplier 100, margin 5 %, fee 5.00 a lot; quoted 2000.00 / 2000.50."""

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.models import AccountDay, Entry, Lot
from orders.enums import OrderStatus, TimeInForce
from quotes.models import FeeSchedule, SettlementPrice
from quotes.services import settlement_prices
from settlement.exceptions import DayNotSettleable
from settlement.models import SettlementRun
from settlement.services.run import due_markets, settle
from tests.factories.desk import MONDAY, Desk, funds, order

pytestmark = pytest.mark.django_db


def test_settling_marks_lots_pays_the_holding_pnl_and_rebases_the_margin(desk: Desk) -> None:
    account = desk.account("100000")
    desk.buy(account, 2)
    desk.quote("2010.00", "2010.50")
    with desk.now():
        run = settle(desk.market.pk)
    # settlement 2010.25: (2010.25 − 2000.50) × 100 × 2 = 1,950.00; margin 2 × 2010.25 × 100 × 5 % = 20,102.50
    assert SettlementPrice.objects.get().price == Decimal("2010.25")
    day = AccountDay.objects.get(account=account)
    assert (day.opening_balance, day.cash, day.realised_pnl, day.holding_pnl, day.fees) == (0, 100000, 0, Decimal("1950.00"), Decimal("10.00"))
    assert (day.closing_balance, day.margin) == (Decimal("101940.00"), Decimal("20102.50"))
    assert (funds(account).balance, funds(account).margin, funds(account).settled_through) == (day.closing_balance, day.margin, MONDAY.date())
    assert Lot.objects.get(account=account).basis_price == Decimal("2010.25")
    assert (run.status, run.accounts) == ("DONE", 1)


def test_the_zero_sum_proof_closes_to_nothing_per_instrument_and_for_cash(desk: Desk) -> None:
    first, second = desk.account("100000"), desk.account("80000")
    desk.buy(first, 2)
    desk.sell(second, 1)
    desk.quote("1990.00", "1990.50")
    desk.close_long(first, 1)
    with desk.now():
        run = settle(desk.market.pk)
    proofs = list(run.proofs.all())
    assert {p.instrument_id for p in proofs} == {desk.gold.pk, None}
    assert all(p.difference == 0 for p in proofs)
    gold = next(p for p in proofs if p.instrument_id)
    assert gold.client_pnl == -gold.house_pnl != 0
    assert run.steps.get(name="PROOF").detail == {"lines": 2, "differences": [], "unequal_accounts": []}


def test_settling_twice_changes_nothing(desk: Desk) -> None:
    account = desk.account("100000")
    desk.buy(account, 1)
    with desk.now():
        first = settle(desk.market.pk, MONDAY.date())
        entries = Entry.objects.count()
        second = settle(desk.market.pk, MONDAY.date())
    assert (second.pk, second.hash, Entry.objects.count()) == (first.pk, first.hash, entries)
    assert SettlementRun.objects.count() == 1


def test_trading_after_the_settlement_belongs_to_the_next_day(desk: Desk) -> None:
    account = desk.account("100000")
    with desk.now():
        settle(desk.market.pk)
    outcome = desk.buy(account, 1)
    assert order(outcome).trading_day == MONDAY.date() + timedelta(days=1)
    desk.quote("2000.00", "2000.50", seconds=86_400)
    with desk.now():
        settle(desk.market.pk)
    days = list(AccountDay.objects.filter(account=account).order_by("trading_day"))
    assert [d.cash for d in days] == [100000, 0]
    assert days[1].opening_balance == days[0].closing_balance


def test_an_account_that_is_touched_after_prices_are_fixed_is_settled_first(desk: Desk) -> None:
    account, other = desk.account("100000"), desk.account("100000")
    desk.buy(account, 1)
    desk.buy(other, 1)
    desk.quote("2010.00", "2010.50")
    with desk.now():
        settlement_prices.fix(desk.market.pk, MONDAY.date())
    desk.close_long(account, 1)
    # P&L since the settlement price 2010.25: (2010.00 − 2010.25) × 100 = −25.00; the day before it: 975.00 − 5.00
    day = AccountDay.objects.get(account=account)
    assert (day.holding_pnl, day.closing_balance) == (Decimal("975.00"), Decimal("100970.00"))
    assert funds(account).balance == Decimal("100970.00") - 25 - 5


def test_day_orders_expire_and_good_till_cancelled_ones_stay(desk: Desk) -> None:
    account = desk.account("100000")
    for_today = desk.buy(account, 1, "1900.00", time_in_force=TimeInForce.DAY)
    for_good = desk.buy(account, 1, "1900.00", time_in_force=TimeInForce.GTC)
    with desk.now():
        settle(desk.market.pk)
    assert order(for_today).status == OrderStatus.EXPIRED
    assert order(for_good).status == OrderStatus.WORKING
    assert funds(account).frozen_margin == Decimal("9500.00")


def test_overnight_fees_are_charged_on_open_lots(desk: Desk) -> None:
    FeeSchedule.objects.filter(instrument=desk.gold).update(overnight_per_lot=Decimal("2.50"))
    account = desk.account("100000")
    desk.buy(account, 2)
    with desk.now():
        settle(desk.market.pk)
    assert AccountDay.objects.get(account=account).fees == Decimal("15.00")  # 2 × 5.00 to open, 2 × 2.50 overnight


def test_a_day_ahead_or_before_a_settled_one_is_refused(desk: Desk) -> None:
    with desk.now():
        settle(desk.market.pk)
        with pytest.raises(DayNotSettleable):
            settle(desk.market.pk, MONDAY.date() + timedelta(days=2))
        with pytest.raises(DayNotSettleable):
            settle(desk.market.pk, MONDAY.date() - timedelta(days=1))


def test_a_market_is_due_once_its_day_is_over(desk: Desk) -> None:
    desk.market.settles_automatically = True
    desk.market.save()
    desk.account("100000")
    with desk.now():
        assert due_markets() == []
    desk.quote("2000.00", "2000.50", seconds=86_400)
    with desk.now():
        assert due_markets() == [(desk.market.pk, MONDAY.date())]
        settle(*due_markets()[0])
        assert due_markets() == []
