"""Examples with published answers (rules/futures.md §5.3, §10), through the real services: orders at the dealer's quote with bid = ask, days settled.

Every figure asserted is printed by the source or computed from it there; the names are those of the rules file.
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Account, AccountDay, Entry, Lot, RiskTier
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
        now = self.figures
        assert (now.floating, now.equity) == (0, now.balance)  # what was quoted that day has been paid
        self.desk.at += timedelta(days=1)
        return AccountDay.objects.get(account=self.account, trading_day=run.trading_day)

    @property
    def figures(self) -> Figures:
        return figures(self.account.pk)


def contract(
    *,
    multiplier: int,
    deposit: str,
    rate: str = "0",
    per_lot: str = "0",
    maintenance: str = "0",
    tick: str = "0.01",
    fees: dict[str, str] | None = None,
    variation_call: str = "NONE",
    deficit: str = "OWED",
    **fields: Any,
) -> Contract:
    """A contract with its deposit, without fees unless some are named."""
    desk = make_desk(symbol="CONTRACT", multiplier=multiplier, tick_size=D(tick), currency="CNY", max_order_quantity=None, **fields)
    none = dict.fromkeys(("open_per_lot", "close_per_lot", "close_today_per_lot"), "0")
    FeeSchedule.objects.update(**{**none, **(fees or {})})
    MarginSchedule.objects.update(rate=rate, per_lot=per_lot, maintenance_per_lot=maintenance)
    RiskTier.objects.update(variation_call=variation_call, deficit=deficit)
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


@pytest.mark.parametrize(("close_order", "split"), [("FIFO", (D(15_000), D(46_500))), ("TODAY_FIRST", (D(7_500), D(54_000)))])
def test_cn_cffex_10_8_5(close_order: str, split: tuple[Decimal, Decimal]) -> None:
    index = contract(multiplier=300, rate="0.10", deposit="2000000", close_order=close_order)
    index.trade(Side.BUY, 10, "1490")
    index.settle("1500")
    index.trade(Side.BUY, 8, "1505")
    index.trade(Side.SELL, 5, "1510", Effect.CLOSE)
    day = index.settle("1515")
    assert (day.realised_pnl, day.holding_pnl, day.realised_pnl + day.holding_pnl) == (*split, D(61_500))


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
    assert (first.margin_call, second.margin_call) == (D(0), D(13_150))
    # Unpaid; the next day gaps down and all 15 are closed: never refused for want of funds, and the client owes what is missing.
    close = index.trade(Side.SELL, 15, "1055", Effect.CLOSE)
    assert (close.realised_pnl, close.fees) == (D(-142_500), D(150))
    third = index.settle("1055")
    assert (third.closing_balance, third.margin_call, third.compensation) == (D(-17_800), D(17_800), D(0))


def test_us_short10() -> None:
    stock = contract(multiplier=1, per_lot="8", maintenance="6", deposit="80", variation_call="INITIAL")
    stock.trade(Side.SELL, 10, "96")
    days = [stock.settle("99")]
    assert (days[0].holding_pnl, days[0].closing_balance, days[0].margin_call) == (D(-30), D(50), D(30))  # 50 < 60: up to the initial margin
    assert stock.figures.available == D(-30)
    with stock.desk.now():
        post_cash(stock.account.pk, D(30), reason="Call paid")
    days += [stock.settle("95"), stock.settle("97")]
    assert [(day.holding_pnl, day.closing_balance) for day in days[1:]] == [(D(40), D(120)), (D(-20), D(100))]
    assert [day.margin_call for day in days[1:]] == [D(0), D(0)]
    assert sum(day.holding_pnl for day in days) == D(-10)


def test_us_eur() -> None:
    euro = contract(multiplier=125_000, per_lot="6250", maintenance="4000", deposit="6250", tick="0.0001", variation_call="INITIAL")
    euro.trade(Side.BUY, 1, "1.24")
    days = [euro.settle(price) for price in ("1.25", "1.27", "1.22")]
    assert [(day.holding_pnl, day.closing_balance) for day in days] == [(D(1250), D(7500)), (D(2500), D(10_000)), (D(-6250), D(3750))]
    assert ([day.margin_call for day in days], euro.figures.available) == ([D(0), D(0), D(2500)], D(-2500))
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


# rules/futures.md §4: carried 3, opened 1, close 3: one at the close-today rate (0.50) and two at the close rate (1.20); P&L is FIFO whatever the fee.
AGED = {"close_per_lot": "1.2", "close_today_per_lot": "0.5"}


@pytest.mark.parametrize(("fee_age", "fee"), [("TODAY_FIRST", D("2.90")), ("FIFO", D("3.60"))])
@pytest.mark.parametrize("parts", [[3], [1, 1, 1], [2, 1]])
def test_carried_3_opened_1_close_3(fee_age: str, fee: Decimal, parts: list[int]) -> None:
    corn = contract(multiplier=10, rate="0.05", deposit="100000", fees=AGED, fee_age=fee_age)
    corn.trade(Side.BUY, 3, "3001")
    corn.settle("3005")
    corn.trade(Side.BUY, 1, "3000")
    closes = [corn.trade(Side.SELL, part, "3004", Effect.CLOSE) for part in parts]
    # (3,004 − 3,005) × 3 × 10 of the carried lots; the lot of today is left
    assert (sum(close.realised_pnl for close in closes), sum(close.fees for close in closes)) == (D(-30), fee)
    assert [(lot.open_price, lot.quantity) for lot in Lot.objects.filter(quantity__gt=0)] == [(D(3000), D(1))]
    assert corn.trade(Side.SELL, 1, "3004", Effect.CLOSE).fees == D("4.10") - fee  # in the end one of the four was charged as today's
    assert_books_are_right()


def test_the_deficit_of_cn_if_ex4_is_borne_by_the_house_where_the_tier_says_so() -> None:
    index = contract(**FUTURES, deposit="200000", deficit="WRITTEN_OFF")
    index.trade(Side.BUY, 15, "1200")
    assert [index.settle(price).compensation for price in ("1195", "1150")] == [D(0), D(0)]
    index.trade(Side.SELL, 15, "1055", Effect.CLOSE)
    assert funds(index.account).balance == D(-17_800)
    day = index.settle("1055")
    assert (day.realised_pnl, day.fees, day.compensation) == (D(-142_500), D(150), D(17_800))
    assert (day.closing_balance, day.margin_call, funds(index.account).balance) == (D(0), D(0), D(0))
    client, house = Entry.objects.filter(kind="COMPENSATION").order_by("amount").reverse()
    assert (client.account, client.amount, house.house_account.purpose, house.amount) == (index.account, D(17_800), "BAD_DEBT", D(-17_800))


@pytest.mark.parametrize(
    ("multiplier", "initial", "maintenance", "side", "entry", "trigger", "beyond"),
    [
        (5000, "4000", "3000", Side.SELL, "17.20", "17.40", "17.41"),  # US-SI-17.20
        (5000, "2025", "1500", Side.SELL, "8.00", "8.105", "8.106"),  # US-SI-8
        (5000, "6000", "2500", Side.SELL, "28.00", "28.70", "28.71"),  # US-SI-28
        (100, "5000", "1500", Side.BUY, "1750", "1715", "1714.99"),  # US-GC-1750's margins: 3,500/100 below
    ],
)
def test_us_trigger_prices_call_nobody_and_a_tick_beyond_does(
    multiplier: int, initial: str, maintenance: str, side: Side, entry: str, trigger: str, beyond: str
) -> None:
    metal = contract(multiplier=multiplier, per_lot=initial, maintenance=maintenance, deposit=initial, tick="0.001", variation_call="INITIAL")
    metal.trade(side, 1, entry)
    at_trigger = metal.settle(trigger)
    assert (at_trigger.closing_balance, at_trigger.margin_call) == (D(maintenance), D(0))
    day = metal.settle(beyond)
    assert day.closing_balance < D(maintenance)
    assert day.margin_call == D(initial) - day.closing_balance


@pytest.mark.parametrize(("rule", "call"), [("INITIAL", D(30)), ("MAINTENANCE", D(10)), ("NONE", D(30))])
def test_a_call_goes_up_to_what_the_tier_says(rule: str, call: Decimal) -> None:
    stock = contract(multiplier=1, per_lot="8", maintenance="6", deposit="80", variation_call=rule)
    stock.trade(Side.SELL, 10, "96")
    assert stock.settle("99").margin_call == call


def test_between_maintenance_and_initial_only_the_other_rule_calls() -> None:
    stock = contract(multiplier=1, per_lot="8", maintenance="6", deposit="80", variation_call="INITIAL")
    stock.trade(Side.SELL, 10, "96")
    assert stock.settle("98").margin_call == D(0)  # 60 is not below 60
    RiskTier.objects.update(variation_call="NONE")
    assert stock.settle("98").margin_call == D(20)
