"""The accounts of a result: what each stands at now, what it holds, and what trading has made of it since day 1."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q, Sum

from accounts.domain.lots import LotState
from accounts.domain.state import AccountState, margin_level
from accounts.enums import EntryKind, PositionSide
from accounts.models import Entry
from accounts.reading import read_states
from risk.domain.ladder import Thresholds, rung
from risk.enums import MarginState
from settlement.domain.figures import risk_degree
from tradingdesk.desk.scenario.form import Contract
from tradingdesk.desk.scenario.stage import Stage, margin_rates
from tradingdesk.kernel import money
from tradingdesk.kernel.money import ZERO

MEANINGLESS = ("balance", "equity", "available", "withdrawable", "margin_level", "risk_degree")  # of an account whose funds are unlimited
FEES = (EntryKind.FEE, EntryKind.OVERNIGHT_FEE)


def accounts_of(stage: Stage, day: date) -> dict[str, Any]:
    """By their names in the file; `day` is the trading day it is."""
    states = read_states([account.pk for account in stage.accounts.values()]).states
    sums = _sums(stage)
    found = {}
    for client in stage.scenario.accounts:
        account_id = stage.accounts[client.id].pk
        found[client.id] = _account(states[account_id], is_unlimited=client.balance is None)
        found[client.id] |= sums.get(account_id, {"realised_pnl": "0", "fees": "0"})
        found[client.id]["positions"] = _positions(stage, states[account_id], day)
    return found


def _account(state: AccountState, *, is_unlimited: bool) -> dict[str, Any]:
    level = margin_level(state.equity, state.margin)
    account = {
        "balance": money.text(state.balance),
        "frozen": money.text(state.frozen),
        "frozen_fees": money.text(state.frozen_fee),
        "margin": money.text(state.margin),
        "floating": money.text(state.unrealised),
        "equity": money.text(state.equity),
        "available": money.text(state.available()),
        "withdrawable": money.text(state.withdrawable()),
        "margin_level": money.text(level),
        "risk_degree": money.text(risk_degree(state.equity, state.margin)),
        "state": rung(level, state.equity, Thresholds(ZERO, ZERO, ZERO)).value,
    }
    return account | dict.fromkeys(MEANINGLESS) | {"state": MarginState.NORMAL.value} if is_unlimited else account


def _sums(stage: Stage) -> dict[int, dict[str, Any]]:
    entries = Entry.objects.filter(account__market=stage.market, trading_day__gte=stage.scenario.start)
    rows: Any = entries.values("account_id").annotate(
        realised=Sum("amount", filter=Q(kind=EntryKind.REALISED_PNL)), fees=Sum("amount", filter=Q(kind__in=FEES))
    )
    return {row["account_id"]: {"realised_pnl": money.text(row["realised"] or ZERO), "fees": money.text(-(row["fees"] or ZERO))} for row in rows}


def _positions(stage: Stage, state: AccountState, day: date) -> list[dict[str, Any]]:
    grouped: dict[tuple[str, str], list[LotState]] = {}
    for lot in state.lots:
        grouped.setdefault((stage.symbols[lot.instrument_id], lot.side), []).append(lot)
    return [_position(stage, state, symbol, lots, day) for (symbol, _), lots in sorted(grouped.items())]


def _position(stage: Stage, state: AccountState, symbol: str, lots: list[LotState], day: date) -> dict[str, Any]:
    contract = next(contract for contract in stage.scenario.instruments if contract.symbol == symbol)
    quantity = sum((lot.quantity for lot in lots), ZERO)
    today = sum((lot.quantity for lot in lots if lot.trading_day == day), ZERO)
    reserved = state.closing.get((lots[0].instrument_id, lots[0].side), ZERO)
    carried_taken, today_taken = _taken(reserved, quantity - today, today, is_today_first=stage.scenario.rules.close_order == "today_first")
    price = sum((lot.open_price * lot.quantity for lot in lots), ZERO) / quantity
    return {
        "symbol": symbol,
        "side": lots[0].side.lower(),
        "qty": money.text(quantity),
        "today_qty": money.text(today),
        "closable_today": money.text(today - today_taken),
        "closable_carried": money.text(quantity - today - carried_taken),
        "average_price": money.text(money.average(price)),
        "margin": money.text(sum((lot.margin for lot in lots), ZERO)),
        "call_price": money.text(money.average(call_price(contract, price, stage.scenario.start, day, is_long=lots[0].side == PositionSide.LONG))),
    }


def _taken(reserved: Decimal, carried: Decimal, today: Decimal, *, is_today_first: bool) -> tuple[Decimal, Decimal]:
    # Closing orders that rest will take lots in the order of the rule: (of the carried, of today's).
    if is_today_first:
        return reserved - min(reserved, today), min(reserved, today)
    return min(reserved, carried), reserved - min(reserved, carried)


def call_price(contract: Contract, price: Decimal, start: date, day: date, *, is_long: bool) -> Decimal | None:
    """Where a lot opened at `price` with its initial margin alone is called, US-style (rules/futures.md §2.5); None without a maintenance margin."""
    if not contract.maintenance_margin_per_lot:
        return None
    rate = next(rate for first, rate in sorted(margin_rates(contract, start).items(), reverse=True) if first <= day)
    initial = price * contract.multiplier * rate + contract.initial_margin_per_lot
    distance = (initial - contract.maintenance_margin_per_lot) / contract.multiplier
    return price - distance if is_long else price + distance
