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
from quotes.selectors.markets import BEFORE_FIRST_DAY, calendar_day, market_calendar
from quotes.services.settlement_prices import Given, fix
from settlement.enums import RunStatus, StepName
from settlement.exceptions import DayNotSettleable, SettlementRunning
from settlement.models import SettlementRun, SettlementStep
from settlement.selectors import due_day, due_markets, next_day
from settlement.services import steps
from tradingdesk.kernel import clock
from tradingdesk.kernel.errors import NotFound
from tradingdesk.kernel.locks import AdvisoryLock
from tradingdesk.kernel.session_locks import SessionLocks

__all__ = ["due_markets", "settle"]
log = structlog.get_logger(__name__)

STEPS: tuple[tuple[StepName, Callable[[SettlementRun], dict[str, Any]]], ...] = (
    (StepName.PRICES, steps.fix_prices),
    (StepName.MARK, steps.mark_accounts),
    (StepName.SNAPSHOT, steps.take_snapshot),
    (StepName.PROOF, steps.prove),
)


def settle(
    market_id: int, trading_day: date | None = None, *, prices: Given | None = None, actor_id: int | None = None, request_id: str = ""
) -> SettlementRun:
    """Settles a trading day and returns its run, done. Default: the next day that is over, else the calendar's current one; that one again changes nothing.

    `prices` are settlement prices that the desk has decided on, by instrument id (`quotes.services.settlement_prices.fix_now`). Raises NotFound (market,
    instrument), SettlementRunning, DayNotSettleable (not a trading day, ahead of the calendar, or out of turn), InvalidRequest and Conflict (a given price
    that is none, or fixed otherwise already), SettlementIncomplete, LockLost.
    Starts its own transactions; never inside one.
    """
    market = Market.objects.filter(pk=market_id).first()
    if market is None:
        raise NotFound("There is no such market.", market=market_id)
    day = trading_day or due_day(market) or calendar_day(market)
    with _single_flight(market) as alone:
        run = _begin(market, day, actor_id)
        if prices:
            fix(market.pk, day, prices)
        for name, step in STEPS:
            alone.check()
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
    calendar, current, due = market_calendar(market.pk), calendar_day(market), next_day(market)
    if current == BEFORE_FIRST_DAY:
        raise DayNotSettleable("The market has no tick yet, and so no trading day.", market=market.code)
    if not calendar.is_trading_day(day):
        raise DayNotSettleable(f"{day} is not a trading day.", day=str(day))
    if day > current:
        raise DayNotSettleable(f"{day} lies ahead; the current trading day is {current}.", day=str(day), current=str(current))
    if day != due:
        raise DayNotSettleable(f"{due} is settled next; {day} is out of turn.", day=str(day), next=str(due))


def _step(run: SettlementRun, name: StepName, step: Callable[[SettlementRun], dict[str, Any]]) -> None:
    if run.steps.filter(name=name).exists():
        return
    started_at = clock.now()
    detail = step(run)
    SettlementStep.objects.create(run=run, name=name, detail=detail, started_at=started_at, finished_at=clock.now())


@contextmanager
def _single_flight(market: Market) -> Iterator[SessionLocks]:
    """Alone with the market until the block ends; `check` of what it yields raises LockLost once that is no longer sure."""
    with SessionLocks("settlement") as locks:
        if not locks.take(AdvisoryLock.SETTLEMENT, market.pk):
            raise SettlementRunning(f"{market} is being settled right now.", market=market.code)
        yield locks
