"""The order sequence as a service call, all guards on: one order, one batch of 45 accounts, and orders per second of a process that places batch after batch.
Quotes do not age: the desk's clock is held.
"""

from collections.abc import Callable
from functools import cache
from statistics import median
from time import perf_counter

from accounts.models import Account
from orders.domain.order import OrderRequest
from orders.enums import Effect, OrderStatus, Side
from tests.bench.registry import bench
from tests.bench.servers import analyze, pgbench_tpcb_ms, pgbench_tpcb_tps
from tests.factories.desk import Desk, make_desk

WARM_UP, COUNTED = 20, 300
ACCOUNTS, MANY_ACCOUNTS = 45, 450  # one agent's linked accounts, and ten agents' at once


@cache
def the_desk() -> tuple[Desk, list[Account]]:
    """One desk with well-funded accounts, made once per run."""
    desk = make_desk(market_code="BENCH")
    return desk, [desk.account("100000000") for _ in range(MANY_ACCOUNTS)]


def place_ms(requests: Callable[[bool], list[OrderRequest]], repeats: int) -> float:
    """Median time of one call; opening and closing in turn, so that positions do not grow."""
    desk, _ = the_desk()
    times = []
    for number in range(WARM_UP + repeats):
        batch = requests(number % 2 == 0)
        started = perf_counter()
        outcomes = desk.place(batch)
        times.append((perf_counter() - started) * 1000)
        if number == WARM_UP:
            analyze()
        assert all(o.status == OrderStatus.FILLED for o in outcomes), outcomes[0]
    return median(times[WARM_UP:])


def _one(desk: Desk, account: Account, is_opening: bool) -> OrderRequest:
    return desk.request(account, Side.BUY if is_opening else Side.SELL, 1, effect=Effect.OPEN if is_opening else Effect.CLOSE)


@bench("one_order", unit="ms", target=5.0, yardstick=pgbench_tpcb_ms, ratio_target=6.0)
def one_order() -> float:
    """place → freeze → match → fill → release → position → settle, committed durably."""
    desk, accounts = the_desk()
    return place_ms(lambda is_opening: [_one(desk, accounts[0], is_opening)], COUNTED)


@bench("batch_of_45_accounts", unit="ms", target=45.0, yardstick=pgbench_tpcb_ms)
def batch_of_45_accounts() -> float:
    """One ticket to 45 accounts, one transaction."""
    desk, accounts = the_desk()
    return place_ms(lambda is_opening: [_one(desk, account, is_opening) for account in accounts[:ACCOUNTS]], COUNTED // 4)


def per_second(batch: int, repeats: int) -> float:
    """Orders per second of one process, by the median batch."""
    desk, accounts = the_desk()
    return batch * 1000 / place_ms(lambda is_opening: [_one(desk, account, is_opening) for account in accounts[:batch]], repeats)


@bench("orders_in_batches_of_45", unit="orders/s", yardstick=pgbench_tpcb_tps, ratio_target=0.3, more_is_better=True)
def orders_in_batches_of_45() -> float:
    """One client beside sixteen of pgbench's."""
    return per_second(ACCOUNTS, COUNTED // 4)


@bench("orders_in_batches_of_450", unit="orders/s", yardstick=pgbench_tpcb_tps, ratio_target=0.3, more_is_better=True)
def orders_in_batches_of_450() -> float:
    """The same with ten times as many accounts."""
    return per_second(MANY_ACCOUNTS, COUNTED // 20)
