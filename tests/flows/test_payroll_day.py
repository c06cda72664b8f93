"""The whole desk on a real day: 2 May 2014, US payrolls, 265,015 ticks; then the same file once more, which must give the same fills.

Orders are placed between stretches of the recorded ticks by a seeded script: market orders, limits that rest, cancels, closes. Fills are compared with the
ticks of the file itself, bars with an independent minute file of the same source.
"""

import io
import random
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from accounts.models import Account, AccountDay, RiskTier, User
from accounts.selectors import positions
from accounts.services.cash import post_cash
from accounts.services.opening import open_account
from orders.domain.order import OrderRequest
from orders.enums import Effect, OrderStatus, OrderType, Side, TimeInForce
from orders.models import Fill, Order
from orders.selectors import working_orders
from orders.services import resting
from orders.services.cancellation import cancel_orders
from orders.services.placement import place_orders
from quotes.domain.ticks import Tick
from quotes.feeds.tick_file import read_ticks
from quotes.models import Bar, FeeSchedule, Instrument, Listing, MarginSchedule, Market, SessionCalendar, SessionWindow
from quotes.services import ticks as tick_service
from settlement.services.run import settle
from tests.factories.books import assert_books_are_right

DAY = date(2014, 5, 2)
TICKS = 265_015
MINUTES = 1_257
STRETCHES = 300
ACCOUNTS = 12


@dataclass
class PayrollDesk:
    """A training market that lives in the time of the recorded ticks."""

    market: Market
    gold: Instrument
    accounts: list[Account]
    ids: Iterator[int] = field(default_factory=lambda: iter(range(1, 1_000_000)))

    def request(self, account: Account, side: Side, quantity: int, *, limit: Decimal | None = None, effect: Effect = Effect.OPEN) -> OrderRequest:
        return OrderRequest(
            account_id=account.pk,
            instrument_id=self.gold.pk,
            side=side,
            quantity=Decimal(quantity),
            type=OrderType.LIMIT if limit else OrderType.MARKET,
            client_order_id=f"o{next(self.ids)}",
            time_in_force=TimeInForce.DAY if limit else TimeInForce.IOC,
            limit_price=limit,
            effect=effect,
            source="test",
        )


def calendar() -> SessionCalendar:
    """Spot gold in New York time: Sunday to Thursday 18:00 to 17:15 on the next day, on Friday to 17:00."""
    found, is_new = SessionCalendar.objects.get_or_create(
        code="SPOT", defaults={"name": "Spot gold", "timezone": "America/New_York", "rolls_at": time(17, 30)}
    )
    if is_new:
        closes = {7: time(17, 15), 1: time(17, 15), 2: time(17, 15), 3: time(17, 15), 4: time(17, 0)}
        SessionWindow.objects.bulk_create(SessionWindow(calendar=found, weekday=d, opens_at=time(18), closes_at=c) for d, c in closes.items())
    return found


def payroll_desk(code: str) -> PayrollDesk:
    market = Market.objects.create(code=code, name=code, kind="TRAINING", clock="FEED", settles_automatically=False)
    gold, is_new = Instrument.objects.get_or_create(symbol="XAUUSD", defaults={"name": "Gold", "multiplier": 100, "tick_size": Decimal("0.001")})
    if is_new:
        since = date(2000, 1, 1)
        FeeSchedule.objects.create(
            instrument=gold, effective_from=since, open_per_lot=5, close_per_lot=5, close_today_per_lot=3, close_today_rate=Decimal("0.00001")
        )
        MarginSchedule.objects.create(instrument=gold, effective_from=since, rate=Decimal("0.05"))
    Listing.objects.create(market=market, instrument=gold, calendar=calendar(), max_quote_age_seconds=60)
    tier, _ = RiskTier.objects.get_or_create(name="Standard")
    owner = User.objects.create_user(f"owner-{code.lower()}")
    accounts = [open_account(number=f"{code}-{n}", name="", owner=owner, market=market, tier=tier) for n in range(ACCOUNTS)]
    for n, account in enumerate(accounts):
        post_cash(account.pk, Decimal(20_000 * (n + 1)), reason="Opening deposit")
    return PayrollDesk(market, gold, accounts)


def trade(desk: PayrollDesk, chance: random.Random, last: Tick) -> None:
    """What the clients do after a stretch of ticks."""
    account = chance.choice(desk.accounts)
    side = chance.choice([Side.BUY, Side.SELL])
    match chance.randrange(5):
        case 0:
            place_orders([desk.request(a, side, 1) for a in chance.sample(desk.accounts, 4)])
        case 1 | 2:
            away = Decimal(chance.randrange(50, 3_000)) / 1000
            price = last.ask - away if side == Side.BUY else last.bid + away
            place_orders([desk.request(account, side, chance.randrange(1, 4), limit=price)])
        case 3:
            resting_ids = [order.pk for order in working_orders(account.pk)]
            cancel_orders(resting_ids[:1])
        case _:
            for position in positions(account.pk):
                if position.closable:
                    away_side = Side.SELL if position.side == "LONG" else Side.BUY
                    place_orders([desk.request(account, away_side, int(position.closable), effect=Effect.CLOSE)])


def run_day(desk: PayrollDesk, ticks: Sequence[Tick]) -> None:
    """Every tick recorded and evaluated in order, as the market process does, with trading in between."""
    chance = random.Random(20140502)
    size = len(ticks) // STRETCHES + 1
    for start in range(0, len(ticks), size):
        recorded = tick_service.record(desk.market.pk, desk.gold.pk, ticks[start : start + size], "payroll")
        resting.evaluate(desk.market.pk, desk.gold.pk, recorded.clean, "payroll")
        trade(desk, chance, recorded.clean[-1])


def fills_of(desk: PayrollDesk) -> list[tuple[Any, ...]]:
    """The fills in the order they were made, without what a second run cannot share (ids, wall time)."""
    first = desk.accounts[0].pk
    rows = Fill.objects.filter(market=desk.market).order_by("id")
    return [(f.account_id - first, f.order.client_order_id, f.side, f.effect, f.quantity, f.price, f.fee, f.realised_pnl, f.quote_seq) for f in rows]


def minute_file(shared_data: Path) -> dict[datetime, tuple[Decimal, ...]]:
    """start → bid open, high, low, close, ask open, high, low, close."""
    archive = zipfile.ZipFile(shared_data / "gold_spot/lean_minute_quote/20140502_quote.zip")
    rows = {}
    for line in io.TextIOWrapper(archive.open(archive.namelist()[0])):
        ms, *values = line.strip().split(",")
        prices = values[:4] + values[5:9]
        rows[datetime(2014, 5, 2, tzinfo=UTC) + timedelta(milliseconds=int(ms))] = tuple(map(Decimal, prices))
    return rows


def assert_fills_are_at_their_ticks(desk: PayrollDesk, ticks: Sequence[Tick]) -> None:
    for fill in Fill.objects.filter(market=desk.market):
        tick = ticks[fill.quote_seq - 1]
        assert (fill.quote_bid, fill.quote_ask, fill.quote_time) == (tick.bid, tick.ask, tick.time)
        assert fill.price == (tick.ask if fill.side == Side.BUY else tick.bid)


def assert_limits_met_their_first_crossing_tick(desk: PayrollDesk, ticks: Sequence[Tick]) -> int:
    # A second look, the slow way: from the tick an order was placed at, forward, tick by tick.
    rested = Order.objects.filter(market=desk.market, type=OrderType.LIMIT).exclude(status=OrderStatus.DENIED)
    for order in rested:
        meets = (lambda t, o=order: t.ask <= o.limit_price) if order.side == Side.BUY else (lambda t, o=order: t.bid >= o.limit_price)
        crossing = next((seq for seq in range(order.checked_seq, len(ticks) + 1) if meets(ticks[seq - 1])), None)
        fill = order.fills.first()
        if fill is not None:
            assert fill.quote_seq == crossing
        elif order.status != OrderStatus.CANCELED:
            assert crossing is None, f"order {order.pk} was crossed at {crossing} and is {order.status}"
    return rested.count()


@pytest.mark.shared_data
@pytest.mark.timeout(300)
def test_the_payroll_day_from_ticks_to_settled_books_and_once_more_the_same(own_database: Any, shared_data: Path) -> None:
    # given the recorded day
    ticks = read_ticks(shared_data / "gold_ticks/20140502_xauusd_tick_quote.csv.gz")
    assert len(ticks) == TICKS
    first = payroll_desk("FIRST")

    # when it is traded
    run_day(first, ticks)

    # then every bar is the independent file's, field by field
    bars = {
        b.start: (b.bid_open, b.bid_high, b.bid_low, b.bid_close, b.ask_open, b.ask_high, b.ask_low, b.ask_close)
        for b in Bar.objects.filter(market=first.market)
    }
    assert len(bars) == MINUTES
    assert bars == minute_file(shared_data)

    # and some hundred orders were filled at the prices the ticks had, limits at the first tick that met them
    fills = fills_of(first)
    assert len(fills) > 200
    assert {"OPEN", "CLOSE"} == {row[3] for row in fills}
    assert_fills_are_at_their_ticks(first, ticks)
    assert assert_limits_met_their_first_crossing_tick(first, ticks) > 80
    assert_books_are_right()

    # and the day settles to the cent
    run = settle(first.market.pk, DAY)
    assert run.status == "DONE"
    assert [p.difference for p in run.proofs.all()] == [0] * run.proofs.count() != []
    assert AccountDay.objects.filter(market=first.market, trading_day=DAY).count() == ACCOUNTS
    assert not Order.objects.filter(market=first.market, status=OrderStatus.WORKING).exists()
    assert_books_are_right()

    # and the same file, traded the same way in another market, gives the same fills and the same day
    second = payroll_desk("SECOND")
    run_day(second, ticks)
    assert fills_of(second) == fills
    again = settle(second.market.pk, DAY)
    assert again.totals == run.totals
    assert_books_are_right()
