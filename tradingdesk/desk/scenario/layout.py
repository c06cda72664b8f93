"""The layout of a result, and of what a file may expect of it. Pure.

A mapping has these fields; `Keyed` is a mapping by names of the file (accounts, orders, symbols); a list has one layout for all its entries; None is a value.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tradingdesk.desk.scenario.errors import ScenarioError, shown
from tradingdesk.desk.scenario.fields import at, mapping


@dataclass(frozen=True)
class Keyed:
    """By the names of one kind of thing."""

    kind: str
    layout: Any


def _values(names: str) -> dict[str, Any]:
    return dict.fromkeys(names.split())


ORDER = _values("status qty filled_qty remaining_qty cancelled_qty average_price reason") | {
    "freeze": _values("margin fee captured released"),
    "events": [None],
}
FILL = _values("taker maker account symbol side effect qty price fee")
BOOK = {"bids": [_values("price qty orders")], "asks": [_values("price qty orders")], "last": None}
POSITION = _values("symbol side qty today_qty closable_today closable_carried average_price margin call_price")
ACCOUNT = _values("balance frozen frozen_fees margin floating equity available withdrawable margin_level risk_degree state realised_pnl fees") | {
    "positions": [POSITION]
}
ACCOUNT_DAY = _values(
    "opening_balance cash_in cash_out realised_pnl realised_on_carried realised_on_today holding_pnl holding_on_carried holding_on_today total_pnl fees swap "
    "deferral margin closing_balance equity available risk_degree margin_call lots_supported lots_to_close variation balance_after_call "
    "realised_pnl_trade_by_trade floating_trade_by_trade balance_trade_by_trade"
)
SETTLEMENT = {"day": None, "prices": Keyed("symbol", None), "accounts": Keyed("account", ACCOUNT_DAY)}
RESULT = {
    "name": None,
    "orders": Keyed("order", ORDER),
    "fills": [FILL],
    "book": Keyed("symbol", BOOK),
    "auctions": [_values("symbol price qty surplus")],
    "accounts": Keyed("account", ACCOUNT),
    "settlements": [SETTLEMENT],
    "risk": [_values("account event margin_level step")],
    "liquidations": [{"account": None, "steps": [_values("action order level_before level_after")]}],
}


def expectation(value: Any, where: str) -> dict[str, Any]:
    """A part of a result: fields that results have, in the layout they have them in."""
    _check(value, where, RESULT)
    return mapping(value, where)


def _check(value: Any, where: str, layout: Any) -> None:
    if isinstance(layout, dict):
        for name, item in mapping(value, where).items():
            if name not in layout:
                raise ScenarioError(at(where, name), "unknown field of a result", f"one of {', '.join(layout)}")
            _check(item, at(where, name), layout[name])
    elif isinstance(layout, Keyed):
        for name, item in mapping(value, where).items():
            _check(item, at(where, name), layout.layout)
    elif isinstance(layout, list):
        if not isinstance(value, list):
            raise ScenarioError(where, f"{shown(value)} is not a list", "a list")
        for index, item in enumerate(value):
            _check(item, f"{where}[{index}]", layout[0])
    elif isinstance(value, dict | list):
        raise ScenarioError(where, f"{shown(value)} will not do", "one value")


def names(value: Any, layout: Any = None, where: str = "") -> Iterator[tuple[str, str, str]]:
    """(kind, name, where) of every account, order and symbol that an expectation is about."""
    layout = RESULT if layout is None else layout
    if isinstance(layout, Keyed):
        for name, item in value.items():
            yield layout.kind, name, at(where, name)
            if isinstance(item, dict):
                yield from names(item, layout.layout, at(where, name))
    elif isinstance(layout, dict):
        for name, item in value.items():
            if isinstance(layout[name], dict | Keyed):
                yield from names(item, layout[name], at(where, name))
            elif isinstance(layout[name], list) and isinstance(layout[name][0], dict):
                for index, entry in enumerate(item):
                    yield from names(entry, layout[name][0], f"{at(where, name)}[{index}]")
