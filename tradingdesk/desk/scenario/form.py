"""What stands in a scenario file beside its steps: rules, instruments, accounts, each field with its type, its words and its default. Pure.

Amounts and prices are in `currency`; rates are shares (0.10 is ten per cent).
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tradingdesk.desk.scenario.fields import Field, day, flag, later, list_of, number, optional, record, text, word

# Trading day 1 where a file names none: a Monday in the middle of a month, and no holiday after it (the scenario's calendar has none at all).
DEFAULT_START = date(2024, 6, 10)
MOST_INSTRUMENTS, MOST_ACCOUNTS, MOST_POSITIONS = 200, 1000, 500
ZERO = Decimal(0)

price = number(above=0)
amount = number(at_least=0, digits=15, places=2)
rate = number(at_least=0, digits=4, places=8)
quantity = number(above=0, digits=12, places=4)
symbol = text(letters=32, pattern=r"\S+")
account_id = text(letters=32, pattern=r"[^/]+")  # it stands in the address of the account's page


@dataclass(frozen=True, slots=True)
class Rules:
    """How the market and its accounts are run; words of the format."""

    close_order: str
    fee_age: str
    margin_basis: str
    larger_side: bool
    floating: str
    deficit: str
    variation_call: str


@dataclass(frozen=True, slots=True)
class Fees:
    """Of one instrument: per lot, and as a share of turnover. `overnight_per_lot` is a field of ours beside the format: charged at settlement."""

    open_per_lot: Decimal
    close_per_lot: Decimal
    close_today_per_lot: Decimal
    open_rate: Decimal
    close_rate: Decimal
    close_today_rate: Decimal
    overnight_per_lot: Decimal


@dataclass(frozen=True, slots=True)
class MarginStage:
    """Another margin rate from a day on, charged at the settlement before."""

    effective_from: date
    rate: Decimal


@dataclass(frozen=True, slots=True)
class Contract:
    """One instrument. `quote_qty` is a field of ours beside the format: lots each order gets of one tick (a print is one
    too), so that a dealer fills in parts.
    """

    symbol: str
    product: str
    multiplier: Decimal
    tick_size: Decimal
    matching: str
    previous_settlement: Decimal | None
    initial_margin_rate: Decimal
    initial_margin_per_lot: Decimal
    maintenance_margin_per_lot: Decimal
    margin_schedule: tuple[MarginStage, ...]
    max_order_qty: Decimal | None
    qty_multiple: Decimal
    quote_qty: Decimal | None
    fees: Fees


@dataclass(frozen=True, slots=True)
class Carried:
    """Lots held when trading day 1 begins."""

    symbol: str
    side: str
    qty: Decimal
    open_price: Decimal


@dataclass(frozen=True, slots=True)
class Client:
    """One account; without a balance its funds are unlimited."""

    id: str
    balance: Decimal | None
    positions: tuple[Carried, ...]


RULES = {
    "position_mode": Field(word("hedging", later=("netting",)), "hedging", is_later=True),
    "close_order": Field(word("fifo", "today_first"), "fifo"),
    "fee_age": Field(word("fifo", "today_first"), "fifo"),
    "trade_price": Field(word("resting", later=("median",)), "resting", is_later=True),
    "margin_basis": Field(word("order_price", "previous_settlement", "last", "average"), "order_price"),
    "larger_side": Field(flag, False),
    "floating": Field(word("losses_only", "all", "gains_only", "none"), "losses_only"),
    "self_trade": Field(word("allow", later=("cancel_newest", "cancel_oldest", "cancel_both", "decrement")), "allow", is_later=True),
    "deficit": Field(word("owed", "written_off"), "owed"),
    "variation_call": Field(word("none", "initial", "maintenance"), "none"),
    "auction_price": Field(word("max_volume", later=("pair_mean",)), "max_volume", is_later=True),
}
rules = record(RULES, Rules)
FEES = {name: Field(amount if name.endswith("per_lot") else rate, ZERO) for name in Fees.__slots__}
fees = record(FEES, Fees)
STAGE = {"from": Field(day), "rate": Field(rate)}
CONTRACT = {
    "symbol": Field(symbol),
    "product": Field(symbol, ""),
    "multiplier": Field(number(above=0, digits=12, places=4), Decimal(1)),
    "tick_size": Field(number(at_least=0), ZERO),
    "matching": Field(word("book", "dealer"), "book"),
    "dealer_in_book": later(None),
    "previous_settlement": Field(optional(price), None),
    "price_limit_rate": later(None),
    "protection": later(None),
    "initial_margin_rate": Field(rate, ZERO),
    "initial_margin_per_lot": Field(amount, ZERO),
    "maintenance_margin_per_lot": Field(amount, ZERO),
    "exchange_margin_rate": later(ZERO),
    "margin_schedule": Field(list_of(record(STAGE, lambda **stage: MarginStage(stage["from"], stage["rate"]))), ()),
    "max_order_qty": Field(optional(quantity), None),
    "position_limit": later(None),
    "qty_multiple": Field(quantity, Decimal(1)),
    "quote_qty": Field(optional(quantity), None),
    "fees": Field(fees, fees({}, "")),
    "deferral_rate": later(ZERO),
    "swap": later(None),
    "last_trading_day": later(None),
}
CARRIED = {"symbol": Field(symbol), "side": Field(word("long", "short")), "qty": Field(quantity), "open_price": Field(price)}
CLIENT = {
    "id": Field(account_id),
    "balance": Field(optional(amount), None),
    "positions": Field(list_of(record(CARRIED, Carried), most=MOST_POSITIONS), ()),
    "pledge": later(ZERO),
    "statement_confirmed": later(True),
    "tier": later(None),
}


def _contract(**fields: Any) -> Contract:
    return Contract(**{**fields, "product": fields["product"] or fields["symbol"]})


contracts = list_of(record(CONTRACT, _contract), at_least=1, most=MOST_INSTRUMENTS)
clients = list_of(record(CLIENT, Client), at_least=1, most=MOST_ACCOUNTS)
