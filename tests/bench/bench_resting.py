"""Resting orders met by ticks: a stretch of 2,000 that is made up for, whose last tick fills 200 orders. Each time with orders of their own."""

from datetime import timedelta
from decimal import Decimal
from functools import cache
from statistics import median
from time import perf_counter

from accounts.models import Account
from orders.enums import Side
from orders.services import resting
from quotes.domain.ticks import Tick
from quotes.services.ticks import record
from tests.bench.registry import bench
from tests.bench.servers import analyze, pgbench_tpcb_ms
from tests.factories.desk import Desk, make_desk
from tradingdesk.kernel import clock

TICKS, ORDERS, REPEATS = 2_000, 200, 5
FAR, NEAR = (Decimal("2000.00"), Decimal("2000.50")), (Decimal("1980.00"), Decimal("1980.50"))


@cache
def the_desk() -> tuple[Desk, list[Account]]:
    """One desk with an account per order, made once per run."""
    desk = make_desk(market_code="RESTING")
    return desk, [desk.account("100000000") for _ in range(ORDERS)]


def stretch(desk: Desk) -> list[Tick]:
    """Recorded; only the last one crosses."""
    at = [desk.at + timedelta(milliseconds=number) for number in range(TICKS)]
    ticks = [Tick(0, time, *(NEAR if time == at[-1] else FAR)) for time in at]
    desk.at = at[-1]
    with clock.fixed(desk.at):
        return record(desk.market.pk, desk.gold.pk, ticks, "bench").clean


@bench("stretch_of_2000_ticks_fills_200_orders", unit="ms", target=300.0, yardstick=pgbench_tpcb_ms)
def stretch_of_2000_ticks_fills_200_orders() -> float:
    """Compared, locked, filled and committed."""
    desk, accounts = the_desk()
    times = []
    for _ in range(REPEATS):
        desk.quote("2000.00", "2000.50")
        desk.place([desk.request(account, Side.BUY, 1, "1990.00") for account in accounts])
        desk.quote("2000.00", "2000.50")
        analyze()
        ticks = stretch(desk)
        with clock.fixed(desk.at):
            started = perf_counter()
            filled = resting.evaluate(desk.market.pk, desk.gold.pk, ticks, "bench")
            times.append((perf_counter() - started) * 1000)
        assert filled == ORDERS, filled
    return median(times)
