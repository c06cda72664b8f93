"""A whole scenario: read from a file, and checked for what its parts say of each other. Pure but for reading the file and the date."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

from tradingdesk.desk.scenario import form, layout, steps
from tradingdesk.desk.scenario.errors import NotSupportedYet, ScenarioError, shown
from tradingdesk.desk.scenario.fields import Field, day, list_of, mapping, record, text
from tradingdesk.desk.scenario.form import Client, Contract, Rules
from tradingdesk.desk.scenario.steps import DEAL_ID, Cancel, Expect, PlaceOrder, Settle, Step, Trade
from tradingdesk.desk.scenario.tree import read_tree
from tradingdesk.kernel import clock

MOST_STEPS = 20_000
FIRST_START = date(1970, 2, 1)  # ticks are kept by day: from 1970
DAYS_AHEAD = 360  # to a year ahead (quotes.services.partitions)
MIDNIGHT = time(0)


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything a run needs. Trading days are Monday to Friday, without holidays; day 1 is `start`."""

    name: str
    currency: str
    start: date
    rules: Rules
    instruments: tuple[Contract, ...]
    accounts: tuple[Client, ...]
    steps: tuple[Step, ...]

    @property
    def days(self) -> list[date]:
        """The trading days it reaches: one more than it settles."""
        days = [self.start]
        for _ in range(sum(step.kind == "settle" for step in self.steps)):
            days.append(next_weekday(days[-1]))
        return days


FIELDS = {
    "name": Field(text(letters=100)),
    "currency": Field(text(letters=3, pattern="[A-Z]{3}"), "USD"),
    "start": Field(day, form.DEFAULT_START),
    "rules": Field(form.rules, form.rules({}, "")),
    "instruments": Field(form.contracts),
    "accounts": Field(form.clients),
    "steps": Field(list_of(steps.step, most=MOST_STEPS)),
}


def next_weekday(after: date) -> date:
    """The next trading day."""
    return after + timedelta(days=max(1, 8 - after.isoweekday()) if after.isoweekday() >= 5 else 1)


def previous_weekday(before: date) -> date:
    """The trading day before."""
    return before - timedelta(days=before.isoweekday() + 2 if before.isoweekday() == 1 else 1)


def read_scenario(file: Path) -> Scenario:
    """The scenario in a file; raises ScenarioError about the first thing that is wrong with it."""
    return scenario(read_tree(file), clock.now().date())


def name_of(file: Path) -> str | None:
    """The name a file gives itself, however wrong the rest of it; None when that cannot be told."""
    try:
        return str(FIELDS["name"].read(mapping(read_tree(file), "").get("name"), "name"))
    except ScenarioError:
        return None


def scenario(tree: Any, today: date) -> Scenario:
    """The scenario a tree stands for: its fields, then what they say of each other."""
    whole: Scenario = record(FIELDS, Scenario)(mapping(tree, ""), "")
    _check_days(whole, today)
    _check_once("instruments", "symbol", (contract.symbol for contract in whole.instruments))
    _check_once("accounts", "id", (client.id for client in whole.accounts))
    _check_positions(whole)
    _check_times(whole.steps)
    _References(whole).check()
    return whole


def _check_days(whole: Scenario, today: date) -> None:
    if whole.start.isoweekday() > 5:
        raise ScenarioError("start", f"{whole.start} is a {whole.start:%A}", "a trading day, Monday to Friday")
    if whole.start < FIRST_START:
        raise ScenarioError("start", f"{whole.start} will not do", f"a day from {FIRST_START} on")
    if whole.days[-1] > today + timedelta(days=DAYS_AHEAD):
        raise ScenarioError("start", f"the last day would be {whole.days[-1]}", f"days that end within {DAYS_AHEAD} days from now")


def _check_once(where: str, field: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for index, value in enumerate(values):
        if value in seen:
            raise ScenarioError(f"{where}[{index}].{field}", f"{shown(value)} is there already", "each one once")
        seen.add(value)


def _check_positions(whole: Scenario) -> None:
    symbols = {contract.symbol: contract for contract in whole.instruments}
    for index, client in enumerate(whole.accounts):
        for place, carried in enumerate(client.positions):
            where = f"accounts[{index}].positions[{place}]"
            if carried.symbol not in symbols:
                raise _unknown(f"{where}.symbol", carried.symbol, "instruments", symbols)
            step = symbols[carried.symbol].qty_multiple
            if carried.qty % step:
                raise ScenarioError(f"{where}.qty", f"{shown(carried.qty)} will not do", f"a multiple of {step}")


def _check_times(all_steps: Iterable[Step]) -> None:
    reached = MIDNIGHT
    for step in all_steps:
        if step.at is not None:
            if step.at < reached:
                raise ScenarioError(f"steps[{step.index}].at", f"{step.at} lies before {reached}, which the day has reached", f"{reached} or later")
            reached = step.at
        if isinstance(step.action, Settle):
            reached = MIDNIGHT


class _References:
    """Every name that a step uses must stand for something by then."""

    def __init__(self, whole: Scenario) -> None:
        self._steps = whole.steps
        self._contracts = {contract.symbol: contract for contract in whole.instruments}
        self._known: dict[str, set[str]] = {
            "symbol": set(self._contracts),
            "account": {client.id for client in whole.accounts},
            "order": set(),
        }

    def check(self) -> None:
        for step in self._steps:
            self._check_names(step)
            if isinstance(step.action, PlaceOrder):
                self._check_order(step.action, step.where)
                self._add_order(step.action.id, f"{step.where}.id")
            elif isinstance(step.action, Trade) and step.action.account is not None:
                self._add_order(DEAL_ID.format(step.index), step.where)

    def _check_names(self, step: Step) -> None:
        for kind in ("account", "symbol"):
            value = getattr(step.action, kind, None)
            if value is not None:
                self._check_name(kind, value, f"{step.where}.{kind}")
        if isinstance(step.action, Cancel):
            self._check_name("order", step.action.id, f"{step.where}.id")
        elif isinstance(step.action, Settle):
            for symbol in step.action.prices:
                self._check_name("symbol", symbol, f"{step.where}.prices.{symbol}")
        elif isinstance(step.action, Expect):
            for kind, name, where in layout.names(step.action.tree):
                self._check_name(kind, name, f"{step.where}.{where}")

    def _check_name(self, kind: str, value: str, where: str) -> None:
        if value not in self._known[kind]:
            raise _unknown(where, value, {"symbol": "instruments", "account": "accounts", "order": "orders so far"}[kind], self._known[kind])

    def _check_order(self, order: PlaceOrder, where: str) -> None:
        if self._contracts[order.symbol].matching == "book":
            raise NotSupportedYet(where, f"an order in {order.symbol}, whose matching is book,")

    def _add_order(self, order_id: str, where: str) -> None:
        if order_id in self._known["order"]:
            raise ScenarioError(where, f"{shown(order_id)} is there already", "an id of its own for each order")
        self._known["order"].add(order_id)


def _unknown(where: str, value: str, what: str, known: Iterable[str]) -> ScenarioError:
    names = sorted(known)
    more = " ..." if len(names) > 10 else ""
    return ScenarioError(
        where, f"{shown(value)} is not one of the {what}", f"one of {', '.join(names[:10])}{more}" if names else "one that is placed before"
    )
