"""Resting orders met by ticks: a stretch of 2,000 that is made up for, whose last tick fills 200 orders, or whose last ten fill 20 orders in ten parts
each. Each time with orders of their own.
"""

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
PARTS = 10
FAR, NEAR = (Decimal("2000.00"), Decimal("2000.50")), (Decimal("1980.00"), Decimal("1980.50"))


@cache
def the_desk() -> tuple[Desk, list[Account]]:
    """One desk with an account per order, made once per run."""
    desk = make_desk(market_code="RESTING")
    return desk, [desk.account("100000000") for _ in range(ORDERS)]


def stretch(desk: Desk, crossing: int) -> list[Tick]:
    """Recorded; only the last ones cross."""
    at = [desk.at + timedelta(milliseconds=number) for number in range(TICKS)]
    ticks = [Tick(0, time, *(NEAR if time >= at[-crossing] else FAR)) for time in at]
    desk.at = at[-1]
    with clock.fixed(desk.at):
        return record(desk.market.pk, desk.gold.pk, ticks, "bench").clean


@bench("stretch_of_2000_ticks_fills_200_orders", unit="ms", target=300.0, yardstick=pgbench_tpcb_ms)
def stretch_of_2000_ticks_fills_200_orders() -> float:
    """Compared, locked, filled and committed."""
    return evaluated(ORDERS, 1)


@bench("stretch_of_2000_ticks_fills_20_orders_in_10_parts", unit="ms", target=300.0, yardstick=pgbench_tpcb_ms)
def stretch_of_2000_ticks_fills_20_orders_in_10_parts() -> float:
    """As many fills, ten of each order: one lot of each tick that meets it."""
    return evaluated(ORDERS // PARTS, PARTS)


def evaluated(orders: int, parts: int) -> float:
    """Milliseconds in which so many orders are filled in so many parts each."""
    desk, accounts = the_desk()
    desk.cap(1 if parts > 1 else None)
    times = []
    for _ in range(REPEATS):
        desk.quote("2000.00", "2000.50")
        desk.place([desk.request(account, Side.BUY, parts, "1990.00") for account in accounts[:orders]])
        desk.quote("2000.00", "2000.50")
        analyze()
        ticks = stretch(desk, parts)
        with clock.fixed(desk.at):
            started = perf_counter()
            filled = resting.evaluate(desk.market.pk, desk.gold.pk, ticks, "bench")
            times.append((perf_counter() - started) * 1000)
        assert filled == orders * parts, filled
    return median(times)
