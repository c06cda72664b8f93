"""The end of a trading day of one market: an ordered list of steps, each idempotent, recorded when complete, resumable after a kill at any point.

Prices are fixed first; from then on whatever touches an account settles that account (accounts.services.days), so trading never stops. One settlement of a
market at a time, by an advisory lock on this connection. Settling a settled day returns its run and changes nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import structlog

from quotes.models import Market
from quotes.selectors.markets import current_trading_day
from settlement.enums import RunStatus, StepName
from settlement.exceptions import DayNotSettleable, SettlementRunning
from settlement.models import SettlementRun, SettlementStep
from settlement.selectors import due_markets
from settlement.services import steps
from tradingdesk.kernel import clock, sql
from tradingdesk.kernel.errors import NotFound
from tradingdesk.kernel.locks import AdvisoryLock

__all__ = ["due_markets", "settle"]
log = structlog.get_logger(__name__)

STEPS: tuple[tuple[StepName, Callable[[SettlementRun], dict[str, Any]]], ...] = (
    (StepName.PRICES, steps.fix_prices),
    (StepName.EXPIRE, steps.expire_orders),
    (StepName.MARK, steps.mark_accounts),
    (StepName.SNAPSHOT, steps.take_snapshot),
    (StepName.PROOF, steps.prove),
)


def settle(market_id: int, trading_day: date | None = None, *, actor_id: int | None = None, request_id: str = "") -> SettlementRun:
    """Settles a trading day (default: the current one) and returns its run, done.

    Raises NotFound (market), DayNotSettleable (ahead of the current day, or before one that is settled), SettlementRunning, SettlementIncomplete. Starts its
    own transactions; never inside one.
    """
    market = Market.objects.filter(pk=market_id).first()
    if market is None:
        raise NotFound("There is no such market.", market=market_id)
    day = trading_day or current_trading_day(market)
    with _single_flight(market):
        run = _begin(market, day, actor_id)
        for name, step in STEPS:
            _step(run, name, step)
        if run.status != RunStatus.DONE:
            run.status, run.finished_at = RunStatus.DONE, clock.now()
            run.save(update_fields=["status", "finished_at"])
            log.info("settled", market=market.code, day=str(day), accounts=run.accounts, request_id=request_id)
    return run


def _begin(market: Market, day: date, actor_id: int | None) -> SettlementRun:
    run = SettlementRun.objects.filter(market=market, trading_day=day).first()
    if run is not None:
        return run
    _check_day(market, day)
    return SettlementRun.objects.create(market=market, trading_day=day, actor_id=actor_id, started_at=clock.now())


def _check_day(market: Market, day: date) -> None:
    market.refresh_from_db()
    current = current_trading_day(market)
    if day > current:
        raise DayNotSettleable(f"{day} lies ahead; the current trading day is {current}.", day=str(day), current=str(current))
    if market.priced_through is not None and day <= market.priced_through:
        raise DayNotSettleable(f"{market.priced_through} is priced already; {day} lies before it.", day=str(day), priced=str(market.priced_through))


def _step(run: SettlementRun, name: StepName, step: Callable[[SettlementRun], dict[str, Any]]) -> None:
    if run.steps.filter(name=name).exists():
        return
    started_at = clock.now()
    detail = step(run)
    SettlementStep.objects.create(run=run, name=name, detail=detail, started_at=started_at, finished_at=clock.now())


@contextmanager
def _single_flight(market: Market) -> Iterator[None]:
    keys = [AdvisoryLock.SETTLEMENT, market.pk]
    if sql.fetch_all("SELECT pg_try_advisory_lock(%s, %s)", keys) != [(True,)]:
        raise SettlementRunning(f"{market} is being settled right now.", market=market.code)
    try:
        yield
    finally:
        sql.execute("SELECT pg_advisory_unlock(%s, %s)", keys)
