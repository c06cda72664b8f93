"""Everything that can be wrong with an order, once: sent through the API and through the page alike.

The desk: gold, tick 0.01, whole lots, at most 50 in an order, quoted 2000.00 / 2000.50; 100,000 in the account, nothing open.
"""

from dataclasses import dataclass, field
from typing import Any

from orders.enums import Reason

LIMIT = {"type": "LIMIT", "limit_price": "1990"}


@dataclass(frozen=True)
class Bad:
    """`denied`: an order row says so. Otherwise there was no order to write down."""

    name: str
    fields: dict[str, Any]
    code: str
    denied: bool = True
    api_status: int = 422
    numbers: tuple[str, ...] = field(default=())  # what the refusal's numbers must name

    @property
    def page_status(self) -> int:
        return 404 if self.api_status == 404 else 422


def _limit(price: str) -> dict[str, Any]:
    return {"type": "LIMIT", "limit_price": price}


def _unreadable(name: str, **fields: Any) -> Bad:
    return Bad(name, fields, "INVALID_REQUEST", denied=False, api_status=400)


DENIED = [
    Bad("price off tick", _limit("1999.995"), Reason.OFF_TICK, numbers=("price", "tick_size")),
    Bad("price zero", _limit("0"), Reason.OUTSIDE_PRICE_LIMITS, numbers=("price",)),
    Bad("price negative", _limit("-1990"), Reason.OUTSIDE_PRICE_LIMITS, numbers=("price",)),
    Bad("quantity zero", {"quantity": "0"}, Reason.QTY_INVALID, numbers=("quantity",)),
    Bad("quantity negative", {"quantity": "-1"}, Reason.QTY_INVALID, numbers=("quantity",)),
    Bad("quantity fractional", {"quantity": "0.5"}, Reason.QTY_NOT_MULTIPLE, numbers=("quantity", "step")),
    Bad("quantity above the limit", {"quantity": "51"}, Reason.QTY_OVER_MAXIMUM, numbers=("quantity", "maximum")),
    # 10 × 2000.50 × 100 × 5 % = 100,025.00 and 50.00 of fees against 100,000.00
    Bad("insufficient funds", {"quantity": "10"}, Reason.INSUFFICIENT_FUNDS, numbers=("required", "available")),
    Bad("insufficient funds for a limit", {**LIMIT, "quantity": "11"}, Reason.INSUFFICIENT_FUNDS, numbers=("required", "available")),
    Bad("closing more than is open", {"effect": "CLOSE", "side": "SELL"}, Reason.CLOSABLE_EXCEEDED, numbers=("quantity", "closable")),
]
UNREADABLE = [
    _unreadable("price NaN", **_limit("NaN")),
    _unreadable("price infinite", **_limit("Infinity")),
    _unreadable("price a word", **_limit("about 2000")),
    _unreadable("price beyond 20 digits", **_limit("1" * 30)),
    _unreadable("price with a huge exponent", **_limit("1e999999")),
    _unreadable("price with too many places", **_limit("1990.00000000000001")),
    _unreadable("limit without a price", type="LIMIT", limit_price=""),
    _unreadable("quantity NaN", quantity="NaN"),
    _unreadable("quantity beyond 20 digits", quantity="9" * 30),
    _unreadable("quantity at 20 digits", quantity="9" * 20),
    _unreadable("quantity a word", quantity="one"),
    _unreadable("quantity missing", quantity=""),
    _unreadable("unknown side", side="HOLD"),
    _unreadable("no side", side=""),
    _unreadable("unknown type", type="STOP"),
    _unreadable("unknown time in force", **LIMIT, time_in_force="FOK"),
    _unreadable("unknown effect", effect="ROLL"),
    _unreadable("client order id with a space", client_order_id="a b"),
    _unreadable("client order id with a quote", client_order_id="a'; drop"),
    Bad("unknown symbol", {"instrument": "TIN"}, "NOT_FOUND", denied=False, api_status=404),
]
WRONG_TYPES = [
    _unreadable("quantity a float", quantity=1.5),
    _unreadable("quantity true", quantity=True),
    _unreadable("quantity null", quantity=None),
    _unreadable("quantity a list", quantity=["1"]),
    _unreadable("quantity an object", quantity={"lots": 1}),
    _unreadable("price a float", type="LIMIT", limit_price=1990.5),
    _unreadable("account a number", account=1001),
    _unreadable("account with a zero byte", account="T\x00"),
    _unreadable("symbol a list", instrument=["GOLD-TEST"]),
    _unreadable("symbol with a zero byte", instrument="GOLD\x00"),
    _unreadable("symbol endless", instrument="G" * 5000),
    _unreadable("side an object", side={}),
    _unreadable("client order id a number", client_order_id=7),
    _unreadable("client order id too long", client_order_id="x" * 65),
    _unreadable("an unknown field", leverage="500"),
    _unreadable("a market order with a limit price", type="MARKET", limit_price="1990"),
    Bad("unknown account", {"account": "X-9"}, "NOT_FOUND", denied=False, api_status=404),
]


def order_fields(number: str, symbol: str, /, **fields: Any) -> dict[str, Any]:
    """A good market order, and what is wrong with it."""
    return {"account": number, "instrument": symbol, "side": "BUY", "quantity": "1", "client_order_id": "one", **fields}
