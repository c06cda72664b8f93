"""What came out of a scenario, read from the rows that its run left: nothing here is remembered from the run but the names of its orders.

Only what belongs to trading day 1 and later is told. Decimals are text; ratios per cent to two decimals; averages to eight.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from orders.domain.transitions import RESTING
from orders.models import Fill, Order
from tradingdesk.desk.scenario.result_accounts import accounts_of
from tradingdesk.desk.scenario.result_days import settlements_of
from tradingdesk.desk.scenario.result_orders import orders_of
from tradingdesk.desk.scenario.stage import Stage
from tradingdesk.kernel import money

HOUSE = "HOUSE"


def of(
    stage: Stage, orders: Mapping[str, int], lasts: Mapping[str, Decimal | None], days: Sequence[date], wanted: Collection[str] | None = None
) -> dict[str, Any]:
    """The result so far, or the `wanted` parts of it: `orders` are the ids of those that the script placed, by their names; `lasts` the last prices; `days`
    those that have begun.
    """
    parts: dict[str, Callable[[], Any]] = {
        "name": lambda: stage.scenario.name,
        "orders": lambda: orders_of(orders),
        "fills": lambda: _fills(stage, orders),
        "book": lambda: {symbol: _book(stage, symbol, last) for symbol, last in lasts.items()},
        "auctions": list,
        "accounts": lambda: accounts_of(stage, days[-1]),
        "settlements": lambda: settlements_of(stage, days[:-1]),
        "risk": list,
        "liquidations": list,
    }
    return {name: part() for name, part in parts.items() if wanted is None or name in wanted}


def _fills(stage: Stage, orders: Mapping[str, int]) -> list[dict[str, Any]]:
    names = {order_id: name for name, order_id in orders.items()}
    accounts, symbols = stage.account_names, stage.symbols
    fills = Fill.objects.filter(order_id__in=names, trading_day__gte=stage.scenario.start).order_by("id")
    return [
        {
            "taker": names[fill.order_id],
            "maker": HOUSE,
            "account": accounts[fill.account_id],
            "symbol": symbols[fill.instrument_id],
            "side": fill.side.lower(),
            "effect": fill.effect.lower(),
            "qty": money.text(fill.quantity),
            "price": money.text(fill.price),
            "fee": money.text(fill.fee),
        }
        for fill in fills
    ]


def _book(stage: Stage, symbol: str, last: Decimal | None) -> dict[str, Any]:
    resting = Order.objects.filter(market=stage.market, instrument=stage.instruments[symbol], status__in=RESTING)
    levels: dict[str, dict[Decimal, list[Decimal]]] = {"BUY": {}, "SELL": {}}
    for order in resting.order_by("id"):
        if order.limit_price is not None:
            levels[order.side].setdefault(order.limit_price, []).append(order.leaves_quantity)
    return {
        "bids": [_level(price, levels["BUY"][price]) for price in sorted(levels["BUY"], reverse=True)],
        "asks": [_level(price, levels["SELL"][price]) for price in sorted(levels["SELL"])],
        "last": money.text(last),
    }


def _level(price: Decimal, quantities: Sequence[Decimal]) -> dict[str, Any]:
    return {"price": money.text(price), "qty": money.text(sum(quantities, Decimal(0))), "orders": len(quantities)}
