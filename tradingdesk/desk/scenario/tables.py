"""A result as tables for people. Pure."""

from collections.abc import Iterable, Sequence
from typing import Any

from tradingdesk.desk.scenario.fields import parsed

GAP = "  "
NONE = "–"
ACCOUNTS_ABREAST = 6
ORDER = ("status", "reason", "qty", "filled_qty", "average_price")
FREEZE = ("margin", "fee", "captured", "released")
FROZEN = tuple(f"freeze_{name}" if name in ("margin", "fee") else name for name in FREEZE)
FILL = ("taker", "maker", "account", "symbol", "side", "effect", "qty", "price", "fee")
ACCOUNT = ("balance", "frozen", "margin", "floating", "equity", "available", "margin_level", "state", "realised_pnl", "fees")
NAMES = frozenset(
    {"order", "taker", "maker", "account", "symbol", "side", "effect", "status", "reason", "state"}
)  # never numbers, whatever they look like
POSITION = ("symbol", "side", "qty", "today_qty", "average_price", "margin", "call_price")
WORDS = frozenset((*ORDER, *FROZEN, *FILL, *ACCOUNT, *POSITION))  # heads of ours; an account's id is told as it is


def of(document: dict[str, Any]) -> str:
    """Everything a result says, the empty parts left out."""
    parts = [_heading(document["name"]), *_orders(document), *_fills(document), *_books(document), *_settlements(document), *_accounts(document)]
    return "\n".join(parts)


def table(title: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Columns as wide as they must be; numbers to the right, with their thousands apart. A column of names is left as it is."""
    told = [head.replace("_", " ") if head in WORDS else head for head in heads]
    cells = [told, *([_cell(value, head) for head, value in zip(heads, row, strict=True)] for row in rows)]
    is_number = [all(_is_number(row[place]) for row in cells[1:]) for place in range(len(heads))]
    widths = [max(len(row[place]) for row in cells) for place in range(len(heads))]
    lines = [GAP.join(_aligned(*one) for one in zip(row, widths, is_number, strict=True)).rstrip() for row in cells]
    return "\n".join([f"\n{title}", f"  {lines[0]}", f"  {GAP.join('-' * width for width in widths)}", *(f"  {line}" for line in lines[1:])])


def _heading(name: str) -> str:
    return f"{name}\n{'=' * len(name)}"


def _cell(value: Any, head: str = "") -> str:
    if value is None:
        return NONE
    number = None if head in NAMES else parsed(value)
    return f"{number:,f}" if number is not None else str(value)


def _is_number(cell: str) -> bool:
    return cell == NONE or parsed(cell.replace(",", "")) is not None


def _aligned(cell: str, width: int, is_number: bool) -> str:
    return cell.rjust(width) if is_number else cell.ljust(width)


def _orders(document: dict[str, Any]) -> list[str]:
    orders = document["orders"]
    if not orders:
        return []
    heads = ("order", *ORDER, *FROZEN)
    rows = [(name, *(order[key] for key in ORDER), *(order["freeze"][key] for key in FREEZE)) for name, order in orders.items()]
    return [table("Orders", heads, rows)]


def _fills(document: dict[str, Any]) -> list[str]:
    return [table("Fills", FILL, ([fill[key] for key in FILL] for fill in document["fills"]))] if document["fills"] else []


def _books(document: dict[str, Any]) -> list[str]:
    rows = [
        (symbol, side, level["price"], level["qty"], level["orders"])
        for symbol, book in document["book"].items()
        for side in ("bids", "asks")
        for level in book[side]
    ]
    lasts = [(symbol, book["last"]) for symbol, book in document["book"].items()]
    return [
        table("Last prices", ("symbol", "last"), lasts),
        *([table("Resting orders", ("symbol", "side", "price", "qty", "orders"), rows)] if rows else []),
    ]


def _settlements(document: dict[str, Any]) -> list[str]:
    return [part for settlement in document["settlements"] for part in _settlement(settlement)]


def _settlement(settlement: dict[str, Any]) -> list[str]:
    # One column per account, some of them beside each other: a day has many figures.
    prices = ", ".join(f"{symbol} {_cell(price)}" for symbol, price in settlement["prices"].items())
    accounts = list(settlement["accounts"].items())
    parts = []
    for start in range(0, len(accounts), ACCOUNTS_ABREAST):
        group = dict(accounts[start : start + ACCOUNTS_ABREAST])
        rows = [(name.replace("_", " "), *(figures[name] for figures in group.values())) for name in accounts[0][1]]
        parts.append(table(f"Settlement of day {settlement['day']} at {prices}", ("", *group), rows))
    return parts


def _accounts(document: dict[str, Any]) -> list[str]:
    accounts = document["accounts"]
    rows = [(name, *(account[key] for key in ACCOUNT)) for name, account in accounts.items()]
    held = [(name, *(position[key] for key in POSITION)) for name, account in accounts.items() for position in account["positions"]]
    return [table("Accounts", ("account", *ACCOUNT), rows), *([table("Positions", ("account", *POSITION), held)] if held else [])]
