"""The order sequence, figure by figure. Gold: multiplier 100, margin 5 %, fee 5.00 a lot; quoted 2000.00 / 2000.50."""

from decimal import Decimal

import pytest

from accounts.models import Entry, Freeze, Lot
from orders.enums import OrderStatus, Reason
from orders.models import Fill, Order
from tests.factories.desk import Desk, funds, order

pytestmark = pytest.mark.django_db


def test_a_market_buy_walks_the_whole_sequence_and_leaves_exact_figures(desk: Desk) -> None:
    account = desk.account("100000")
    outcome = desk.buy(account, 2)
    # margin 2 × 2000.50 × 100 × 5 % = 20,005.00; fee 2 × 5.00 = 10.00
    assert (outcome.status, outcome.average_price) == (OrderStatus.FILLED, Decimal("2000.50"))
    stands = funds(account)
    assert (stands.balance, stands.frozen, stands.margin) == (Decimal("99990.00"), Decimal("0.00"), Decimal("20005.00"))
    assert [e.step for e in order(outcome).events.all()] == ["PLACED", "FROZEN", "MATCHED", "FILLED", "RELEASED", "POSITIONED", "SETTLED"]
    freeze = Freeze.objects.get(order_id=outcome.order_id)
    assert (freeze.status, freeze.captured_margin, freeze.captured_fee) == ("RESOLVED", Decimal("20005.00"), Decimal("10.00"))
    fill = Fill.objects.get(order_id=outcome.order_id)
    assert (fill.quote_bid, fill.quote_ask, fill.quote_seq) == (Decimal("2000"), Decimal("2000.5"), 1)


def test_closing_pays_the_difference_and_gives_the_margin_back(desk: Desk) -> None:
    account = desk.account("100000")
    desk.buy(account, 2)
    desk.quote("2010.00", "2010.50")
    outcome = desk.close_long(account, 1)
    # P&L (2010.00 − 2000.50) × 100 = 950.00; balance 100,000 − 10 + 950 − 5; margin of the other lot 10,002.50
    assert outcome.status == OrderStatus.FILLED
    stands = funds(account)
    assert (stands.balance, stands.margin) == (Decimal("100935.00"), Decimal("10002.50"))
    assert order(outcome).realised_pnl == Decimal("950.00")
    assert Lot.objects.get(account=account).quantity == 1


def test_every_journal_sums_to_zero_with_the_house_on_the_other_side(desk: Desk) -> None:
    account = desk.account("100000")
    desk.buy(account, 2)
    desk.quote("1990.00", "1990.50")
    desk.close_long(account, 2)
    total = sum(Entry.objects.values_list("amount", flat=True))
    assert total == 0
    assert sum(Entry.objects.filter(account=account).values_list("amount", flat=True)) == funds(account).balance


def test_a_limit_that_is_not_met_rests_with_its_margin_frozen(desk: Desk) -> None:
    account = desk.account("100000")
    outcome = desk.buy(account, 1, "1995.00")
    # freeze 1995.00 × 100 × 5 % = 9,975.00 and 5.00
    assert outcome.status == OrderStatus.WORKING
    assert (funds(account).frozen_margin, funds(account).frozen_fee, funds(account).margin) == (Decimal("9975.00"), Decimal("5.00"), 0)


def test_a_resting_limit_fills_at_the_first_crossing_tick_at_that_ticks_price(desk: Desk) -> None:
    account = desk.account("100000")
    outcome = desk.buy(account, 1, "1995.00")
    assert desk.quote("1995.00", "1995.50") == 0
    assert desk.quote("1993.00", "1993.50") == 1
    filled = order(outcome)
    assert (filled.status, filled.average_price) == (OrderStatus.FILLED, Decimal("1993.50"))
    # 9,975.00 were frozen, 9,967.50 are occupied: the difference is available again
    assert (funds(account).frozen, funds(account).margin) == (0, Decimal("9967.50"))


def test_an_order_is_never_filled_by_a_tick_it_has_seen(desk: Desk) -> None:
    account = desk.account("100000")
    desk.quote("1980.00", "1980.50", evaluate=False)
    desk.quote("2000.00", "2000.50", evaluate=False)
    outcome = desk.buy(account, 1, "1990.00")
    assert desk.quote("2001.00", "2001.50") == 0
    assert order(outcome).status == OrderStatus.WORKING


def test_the_same_id_and_content_again_returns_the_first_outcome(desk: Desk) -> None:
    account = desk.account("100000")
    first = desk.buy(account, 1, client_order_id="mine")
    version = funds(account).version
    again = desk.buy(account, 1, client_order_id="mine")
    assert (again.order_id, again.replayed, again.status) == (first.order_id, True, OrderStatus.FILLED)
    assert (funds(account).version, Order.objects.filter(account=account).count()) == (version, 1)


def test_the_same_id_with_other_content_is_refused_and_nothing_moves(desk: Desk) -> None:
    account = desk.account("100000")
    desk.buy(account, 1, client_order_id="mine")
    version = funds(account).version
    other = desk.buy(account, 2, client_order_id="mine")
    assert (other.status, other.reason) == (OrderStatus.DENIED, Reason.DUPLICATE_ID)
    assert (funds(account).version, Order.objects.filter(account=account).count()) == (version, 1)


def test_two_orders_of_one_batch_share_the_accounts_money(desk: Desk) -> None:
    # One lot takes 10,002.50 and 5.00; the loss to the bid takes 50.00 more.
    account = desk.account("20000")
    first, second = desk.place([desk.request(account, "BUY", 1), desk.request(account, "BUY", 1)])
    assert (first.status, second.status, second.reason) == (OrderStatus.FILLED, OrderStatus.DENIED, Reason.INSUFFICIENT_FUNDS)


def test_45_accounts_in_one_batch_each_get_their_fill(desk: Desk) -> None:
    accounts = [desk.account("50000") for _ in range(45)]
    outcomes = desk.place([desk.request(a, "BUY", 1) for a in accounts])
    assert {o.status for o in outcomes} == {OrderStatus.FILLED}
    assert {funds(a).balance for a in accounts} == {Decimal("49995.00")}


def test_a_sell_limit_below_the_bid_freezes_for_the_bid_it_will_meet(desk: Desk) -> None:
    # 50 lots at 2000.00 need 50 × 10,000.00 + 250.00; at their limit of 0.01 they would have needed 252.50
    account = desk.account("300")
    outcome = desk.sell(account, 50, "0.01")
    assert (outcome.status, outcome.reason, outcome.detail["required"]) == (OrderStatus.DENIED, Reason.INSUFFICIENT_FUNDS, "500250")
    assert (funds(account).balance, funds(account).margin) == (Decimal("300.00"), 0)
