"""Examples with published answers (rules/futures.md §5.3, §10), through the real services: orders at the dealer's quote with bid = ask, days settled.

Every figure asserted is printed by the source or computed from it there; the names are those of the rules file.
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Account, AccountDay
from accounts.selectors import Figures, figures
from accounts.services.cash import post_cash
from orders.enums import Effect, OrderStatus, Side
from quotes.models import FeeSchedule, Listing, MarginSchedule
from settlement.services.run import settle
from tests.factories.books import assert_books_are_right
from tests.factories.desk import Desk, funds, make_desk, order

pytestmark = pytest.mark.django_db
D = Decimal


@dataclass
class Contract:
    """One account trading one contract, day by day; quotes have no spread."""

    desk: Desk
    account: Account

    def trade(self, side: Side, quantity: int, price: str, effect: Effect = Effect.OPEN) -> Any:
        self.desk.quote(price, price)
        outcome = self.desk.place([self.desk.request(self.account, side, quantity, effect=effect)])[0]
        assert (outcome.status, outcome.average_price) == (OrderStatus.FILLED, D(price)), outcome
        return order(outcome)

    def settle(self, price: str) -> AccountDay:
        """Settles the day at this price; the next begins. Its figures stand at the settlement price, so nothing floats."""
        self.desk.quote(price, price)
        with self.desk.now():
            run = settle(self.desk.market.pk)
        assert all(proof.difference == 0 for proof in run.proofs.all())
        assert_books_are_right()
        self.desk.at += timedelta(days=1)
        return AccountDay.objects.get(account=self.account, trading_day=run.trading_day)

    @property
    def figures(self) -> Figures:
        return figures(self.account.pk)


def contract(
    *, multiplier: int, deposit: str, rate: str = "0", per_lot: str = "0", tick: str = "0.01", fees: dict[str, str] | None = None, **fields: Any
):
    """A contract with its deposit, without fees unless some are named."""
    desk = make_desk(symbol="CONTRACT", multiplier=multiplier, tick_size=D(tick), currency="CNY", max_order_quantity=None, **fields)
    none = dict.fromkeys(("open_per_lot", "close_per_lot", "close_today_per_lot"), "0")
    FeeSchedule.objects.update(**{**none, **(fees or {})})
    MarginSchedule.objects.update(rate=rate, per_lot=per_lot)
    Listing.objects.update(max_jump_rate=0)
    return Contract(desk, desk.account(deposit, currency="CNY"))


def test_cn_cu_2004() -> None:
    copper = contract(multiplier=5, rate="0.05", deposit="200000")
    copper.trade(Side.BUY, 10, "15000")
    copper.trade(Side.SELL, 5, "15200", Effect.CLOSE)
    day = copper.settle("14900")
    assert (day.realised_pnl, day.holding_pnl) == (D(5000), D(-2500))
    assert (day.margin, day.closing_balance, copper.figures.available) == (D(18_625), D(202_500), D(183_875))


def test_cn_fueloil_short() -> None:
    fuel = contract(multiplier=10, rate="0.08", deposit="200000")
    fuel.trade(Side.SELL, 40, "2280")
    fuel.trade(Side.BUY, 10, "2400", Effect.CLOSE)
    day = fuel.settle("2381")
    assert (day.realised_pnl, day.holding_pnl) == (D(-12_000), D(-30_300))
    assert (fuel.figures.equity, day.margin, fuel.figures.available) == (D(157_700), D(57_144), D(100_556))


def test_cn_soy60_three_days() -> None:
    soy = contract(multiplier=10, rate="0.05", deposit="200000")
    soy.trade(Side.BUY, 60, "4000")
    soy.trade(Side.SELL, 40, "4030", Effect.CLOSE)
    first = soy.settle("4040")
    assert (first.realised_pnl, first.holding_pnl, first.margin) == (D(12_000), D(8_000), D(40_400))
    assert (first.closing_balance, soy.figures.available) == (D(220_000), D(179_600))
    soy.trade(Side.BUY, 10, "4030")
    second = soy.settle("4060")
    assert (second.realised_pnl, second.holding_pnl) == (D(0), D(4000) + D(3000))
    assert (second.margin, second.closing_balance, soy.figures.available) == (D(60_900), D(227_000), D(166_100))
    soy.trade(Side.SELL, 30, "4070", Effect.CLOSE)
    third = soy.settle("4050")
    assert (third.realised_pnl, third.holding_pnl, third.margin) == (D(3000), D(0), D(0))
    assert soy.figures.available == D(230_000)


def test_ctp_c2101_fifo() -> None:
    corn = contract(multiplier=10, rate="0.05", deposit="100000", fees={"close_per_lot": "1.2"})  # close-today is free
    corn.trade(Side.BUY, 2, "3001")
    corn.settle("3005")
    corn.trade(Side.BUY, 2, "3000")
    close = corn.trade(Side.SELL, 3, "3004", Effect.CLOSE)
    # 2 carried (3,004 − 3,005) × 2 × 10 = −20 and 1 of today (3,004 − 3,000) × 10 = 40; 2 × 1.2 and 1 × 0; one lot of today is left at 3,000
    assert (close.realised_pnl, close.fees, funds(corn.account).margin) == (D(20), D("2.40"), D(1500))
    assert_books_are_right()


def test_cn_cffex_10_8_5() -> None:
    index = contract(multiplier=300, rate="0.10", deposit="2000000")
    index.trade(Side.BUY, 10, "1490")
    index.settle("1500")
    index.trade(Side.BUY, 8, "1505")
    index.trade(Side.SELL, 5, "1510", Effect.CLOSE)
    day = index.settle("1515")
    assert (day.realised_pnl, day.holding_pnl, day.realised_pnl + day.holding_pnl) == (D(15_000), D(46_500), D(61_500))


FUTURES = {"multiplier": 100, "rate": "0.08", "fees": dict.fromkeys(("open_per_lot", "close_per_lot", "close_today_per_lot"), "10")}


def test_cn_if_ex1() -> None:
    index = contract(**FUTURES, deposit="500000")
    index.trade(Side.BUY, 40, "1200")
    index.trade(Side.SELL, 20, "1215", Effect.CLOSE)
    day = index.settle("1210")
    assert (day.realised_pnl, day.holding_pnl, day.fees) == (D(30_000), D(20_000), D(600))
    assert (day.closing_balance, day.margin, index.figures.available) == (D(549_400), D(193_600), D(355_800))


def test_cn_if_ex4_three_days() -> None:
    index = contract(**FUTURES, deposit="200000")
    index.trade(Side.BUY, 15, "1200")
    first = index.settle("1195")
    assert (first.holding_pnl, first.fees, first.closing_balance) == (D(-7500), D(150), D(192_350))
    assert (first.margin, index.figures.available) == (D(143_400), D(48_950))
    second = index.settle("1150")
    assert (second.holding_pnl, second.closing_balance, second.margin) == (D(-67_500), D(124_850), D(138_000))
    assert index.figures.available == D(-13_150)  # the margin call
    # Unpaid; the next day gaps down and all 15 are closed: never refused for want of funds, and the client owes what is missing.
    close = index.trade(Side.SELL, 15, "1055", Effect.CLOSE)
    assert (close.realised_pnl, close.fees) == (D(-142_500), D(150))
    assert index.settle("1055").closing_balance == D(-17_800)


def test_us_short10() -> None:
    stock = contract(multiplier=1, per_lot="8", deposit="80")
    stock.trade(Side.SELL, 10, "96")
    days = [stock.settle("99")]
    assert (days[0].holding_pnl, days[0].closing_balance, stock.figures.available) == (D(-30), D(50), D(-30))  # the call, to the initial margin
    with stock.desk.now():
        post_cash(stock.account.pk, D(30), reason="Call paid")
    days += [stock.settle("95"), stock.settle("97")]
    assert [(day.holding_pnl, day.closing_balance) for day in days[1:]] == [(D(40), D(120)), (D(-20), D(100))]
    assert sum(day.holding_pnl for day in days) == D(-10)


def test_us_eur() -> None:
    euro = contract(multiplier=125_000, per_lot="6250", deposit="6250", tick="0.0001")
    euro.trade(Side.BUY, 1, "1.24")
    days = [euro.settle(price) for price in ("1.25", "1.27", "1.22")]
    assert [(day.holding_pnl, day.closing_balance) for day in days] == [(D(1250), D(7500)), (D(2500), D(10_000)), (D(-6250), D(3750))]
    assert euro.figures.available == D(-2500)
    with euro.desk.now():
        post_cash(euro.account.pk, D(2500), reason="Call paid")
    assert euro.settle("1.23").closing_balance == D(7500)


def test_us_gc_1750() -> None:
    gold = contract(multiplier=100, per_lot="5000", deposit="10000")
    gold.trade(Side.BUY, 1, "1750")
    for price, floating in (("1755", D(500)), ("1748", D(-200))):
        gold.desk.quote(price, price)
        assert (gold.figures.floating, gold.figures.margin) == (floating, D(5000))


@pytest.mark.parametrize("limit", ["380.00", "391.74", "400.00"])
def test_au2106_freezes_and_occupies_at_the_previous_settlement_whatever_the_price(limit: str) -> None:
    gold = contract(multiplier=1000, rate="0.08", deposit="100000", margin_basis="PREVIOUS_SETTLEMENT")
    gold.settle("391.74")
    gold.desk.quote("405.00", "405.00")
    gold.desk.buy(gold.account, 1, limit)
    assert (gold.figures.frozen, gold.figures.margin) == (D("31339.20"), D(0))
    gold.desk.quote("379.00", "379.00")
    assert (gold.figures.frozen, gold.figures.margin) == (D(0), D("31339.20"))
    assert_books_are_right()
