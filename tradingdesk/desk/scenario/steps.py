"""The steps of a scenario, each with its fields and defaults. Pure.

What the desk itself refuses of an order (a price off the tick, no quantity, no funds) is no mistake of the file: it is DENIED, and that is the result.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from typing import Any

from tradingdesk.desk.scenario.errors import NotSupportedYet, ScenarioError, shown
from tradingdesk.desk.scenario.fields import Field, Reader, at, clock_time, later, mapping, mapping_of, number, optional, record, text, word
from tradingdesk.desk.scenario.form import account_id, amount, price, quantity, symbol
from tradingdesk.desk.scenario.layout import expectation

order_id = text(letters=64, pattern=r"[A-Za-z0-9._:-]+")
DEAL_ID = "step-{}"  # what a `trade` step's order is called in the result


@dataclass(frozen=True, slots=True)
class Quote:
    """New prices; those that are left out stay as they are."""

    symbol: str
    bid: Decimal | None
    ask: Decimal | None
    last: Decimal | None


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """An order; `price` is None for market orders."""

    id: str
    account: str
    symbol: str
    side: str
    effect: str
    type: str
    qty: Decimal
    price: Decimal | None
    tif: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancels what is left of an order."""

    id: str


@dataclass(frozen=True, slots=True)
class Trade:
    """A deal with the house at an agreed price; without an account a print on the tape."""

    account: str | None
    symbol: str
    side: str | None
    effect: str | None
    qty: Decimal | None
    price: Decimal
    fee: Decimal | None


@dataclass(frozen=True, slots=True)
class Cash:
    """Money in (above zero) or out."""

    account: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Settle:
    """Ends the trading day, at these prices where it names some."""

    prices: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Expect:
    """A part of the result, as it must be by now."""

    tree: Mapping[str, Any]


Action = Quote | PlaceOrder | Cancel | Trade | Cash | Settle | Expect


@dataclass(frozen=True, slots=True)
class Step:
    """`index` counts from 0, as in `steps[0]`; `at` is a time of the trading day, None: when the step before was."""

    index: int
    kind: str
    action: Action
    at: time | None

    @property
    def where(self) -> str:
        return f"steps[{self.index}].{self.kind}"


any_price = number(digits=14)  # a limit at or below zero is the desk's to refuse, like no quantity
any_quantity = number(digits=12, places=4)
QUOTE = {"symbol": Field(symbol)} | {name: Field(optional(price), None) for name in ("bid", "ask", "last")}
ORDER = {
    "id": Field(order_id),
    "account": Field(account_id),
    "symbol": Field(symbol),
    "side": Field(word("buy", "sell")),
    "effect": Field(word("auto", "open", "close", later=("close_today", "close_yesterday")), "auto"),
    "type": Field(word("limit", "market", later=("stop", "stop_limit", "trailing_stop")), "limit"),
    "qty": Field(any_quantity),
    "price": Field(optional(any_price), None),
    "tif": Field(word("GTC", "DAY", "IOC", later=("GTD", "FOK")), "GTC"),
    "stop_price": later(None),
    "trigger": later(None),
    "trail": later(None),
    "protection_price": later(None),
    "min_qty": later(None),
    "take_profit": later(None),
    "stop_loss": later(None),
    "oco": later(None),
    "expires": later(None),
    "post_only": later(False),
    "reduce_only": later(False),
    "self_trade": later("allow"),
}
TRADE = {
    "account": Field(optional(account_id), None),
    "symbol": Field(symbol),
    "side": Field(optional(word("buy", "sell")), None),
    "effect": Field(optional(word("auto", "open", "close", later=("close_today", "close_yesterday"))), None),
    "qty": Field(optional(quantity), None),
    "price": Field(price),
    "fee": Field(optional(amount), None),
}
SETTLE = {"prices": Field(mapping_of(price), {}), "method": later(None)}
ACTIONS: dict[str, Reader] = {
    "quote": record(QUOTE, Quote),
    "order": record(ORDER, PlaceOrder),
    "cancel": record({"id": Field(order_id)}, Cancel),
    "trade": record(TRADE, Trade),
    "cash": record({"account": Field(account_id), "amount": Field(number(digits=15, places=2))}, Cash),
    "settle": record(SETTLE, Settle),
    "expect": lambda value, where: Expect(expectation(value, where)),
}
LATER_ACTIONS = ("amend", "auction")


def step(value: Any, where: str) -> Step:
    """One step, at `steps[index]`: a mapping of its kind to its fields, and `at` where it has a time."""
    given = mapping(value, where)
    kinds = [name for name in given if name != "at"]
    if len(kinds) != 1:
        raise ScenarioError(where, f"names {len(kinds)} things to do" if kinds else "names nothing to do", f"one of {', '.join(ACTIONS)}")
    kind = kinds[0]
    if kind in LATER_ACTIONS:
        raise NotSupportedYet(at(where, kind))
    if kind not in ACTIONS:
        raise ScenarioError(at(where, kind), "unknown step", f"one of {', '.join(ACTIONS)}")
    when = clock_time(given["at"], at(where, "at")) if "at" in given else None
    action = ACTIONS[kind](given[kind], at(where, kind))
    if check := CHECKS.get(kind):
        check(action, at(where, kind))
    return Step(int(where.removeprefix("steps[").removesuffix("]")), kind, action, when)


def _check_quote(quote: Quote, where: str) -> None:
    if quote.bid is quote.ask is quote.last is None:
        raise ScenarioError(where, "names no price", "one of bid, ask, last at least")


def _check_order(order: PlaceOrder, where: str) -> None:
    if order.type == "limit" and order.price is None:
        raise ScenarioError(at(where, "price"), "is missing", "a limit order's price")
    if order.type == "market" and order.price is not None:
        raise ScenarioError(at(where, "price"), f"{shown(order.price)} will not do", "no price: a market order is dealt at the price there is")


def _check_trade(trade: Trade, where: str) -> None:
    for name in ("side", "qty") if trade.account is not None else ():
        if getattr(trade, name) is None:
            raise ScenarioError(at(where, name), "is missing")
    for name in ("effect", "fee") if trade.account is None else ():
        if getattr(trade, name) is not None:
            raise ScenarioError(at(where, name), "has no meaning without an account", "an account, or neither")


def _check_cash(cash: Cash, where: str) -> None:
    if not cash.amount:
        raise ScenarioError(at(where, "amount"), '"0" will not do', "an amount above zero (in) or below it (out)")


CHECKS: dict[str, Callable[[Any, str], None]] = {"quote": _check_quote, "order": _check_order, "trade": _check_trade, "cash": _check_cash}
