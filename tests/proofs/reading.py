"""The same books read from the database and from the clerk, in one shape: what is unequal shows itself by name.

Read with statements of its own, for all accounts at once: a proof looks after every step.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from typing import Any

from tests.proofs.market import Market
from tests.proofs.terms import ZERO
from tests.proofs.things import Account
from tradingdesk.kernel import sql

F = Fraction
DAY = ("opening_balance", "cash", "realised_pnl", "holding_pnl", "fees", "compensation", "closing_balance", "frozen", "margin", "margin_call", "lots")
HOUSE = {
    "CASH": "CASH_AT_BANK",
    "REALISED_PNL": "TRADING_PNL",
    "HOLDING_PNL": "TRADING_PNL",
    "FEE": "FEES",
    "OVERNIGHT_FEE": "FEES",
    "COMPENSATION": "BAD_DEBT",
}

FUNDS = "SELECT account_id, balance, frozen_margin, frozen_fee, margin, version, settled_through FROM accounts_accountfunds"
LOTS = "SELECT account_id, side, quantity, open_price, basis_price, margin, trading_day FROM accounts_lot WHERE quantity > 0 ORDER BY id"
ORDERS = """
SELECT account_id, client_order_id, status, reason, filled_quantity, filled_value, fees, realised_pnl FROM orders_order ORDER BY id"""
FREEZES = """
SELECT f.account_id, o.client_order_id, f.margin - f.captured_margin - f.released_margin, f.fee - f.captured_fee - f.released_fee
FROM accounts_freeze f JOIN orders_order o ON o.id = f.order_id WHERE f.status = 'OPEN'"""
STEPS = """
SELECT e.account_id, o.client_order_id, array_agg(e.step ORDER BY e.id) FROM orders_orderevent e JOIN orders_order o ON o.id = e.order_id GROUP BY 1, 2"""
ENTRIES = """
SELECT account_id, kind, trading_day, sum(amount) FROM accounts_entry WHERE account_id IS NOT NULL GROUP BY 1, 2, 3 HAVING sum(amount) <> 0"""
DAYS = f"SELECT account_id, trading_day, {', '.join(DAY)} FROM accounts_accountday"
TICKS = "SELECT market_id, seq, trading_day, bid, ask, flag FROM quotes_tick ORDER BY seq"
PRICES = "SELECT market_id, trading_day, price FROM quotes_settlementprice"
PRICED = "SELECT id, priced_through FROM quotes_market"
HOUSE_SUMS = """
SELECT h.market_id, h.purpose, sum(e.amount) FROM accounts_entry e JOIN accounts_houseaccount h ON h.id = e.house_account_id
GROUP BY 1, 2 HAVING sum(e.amount) <> 0"""
FILLS = "SELECT market_id, count(*) FROM orders_fill GROUP BY 1"

Books = dict[str, Any]
Rows = list[tuple[Any, ...]]


def stored_accounts() -> dict[int, Books]:
    """Every account as PostgreSQL has it, by its id."""
    lots, orders, freezes, steps, entries, days = map(_by_owner, (LOTS, ORDERS, FREEZES, STEPS, ENTRIES, DAYS))
    return {
        pk: {
            "balance": F(balance),
            "frozen": (F(frozen_margin), F(frozen_fee)),
            "margin": F(margin),
            "version": version,
            "settled": settled,
            "lots": lots[pk],
            "orders": orders[pk],
            "freezes": {name: (margin, fee) for name, margin, fee in freezes[pk]},
            "steps": dict(steps[pk]),
            "entries": {(kind, day): total for kind, day, total in entries[pk]},
            "days": {day: dict(zip(DAY, amounts, strict=True)) for day, *amounts in days[pk]},
        }
        for pk, balance, frozen_margin, frozen_fee, margin, version, settled in sql.fetch_all(FUNDS)
    }


def expected_account(account: Account) -> Books:
    """One of them as the clerk has it."""
    resting = [order for order in account.orders if order.rests]
    entries: dict[tuple[str, date], Fraction] = defaultdict(Fraction)
    for kind, day, amount in account.postings:
        entries[kind, day] += amount
    return {
        "balance": account.balance,
        "frozen": (sum((o.frozen_margin for o in resting), ZERO), sum((o.frozen_fee for o in resting), ZERO)),
        "margin": account.margin,
        "version": account.version,
        "settled": account.settled,
        "lots": [("LONG" if lot.is_long else "SHORT", lot.quantity, lot.open_price, lot.basis, lot.margin, lot.day) for lot in account.lots],
        "orders": [(o.wish.name, o.status, o.reason, o.filled, o.value, o.fees, o.pnl) for o in account.orders],
        "freezes": {o.wish.name: (o.frozen_margin, o.frozen_fee) for o in resting},
        "steps": {o.wish.name: o.steps for o in account.orders},
        "entries": {key: total for key, total in entries.items() if total},
        "days": account.days,
    }


def stored_markets() -> dict[int, Books]:
    """What is a market's own: its ticks, its prices, the house's side of its books."""
    ticks, prices, house, fills = map(_by_owner, (TICKS, PRICES, HOUSE_SUMS, FILLS))
    return {
        pk: {"ticks": ticks[pk], "prices": dict(prices[pk]), "priced": priced, "house": dict(house[pk]), "fills": [*fills[pk], (0,)][0][0]}
        for pk, priced in sql.fetch_all(PRICED)
    }


def expected_market(market: Market) -> Books:
    """The same as the clerk has it; the house has lost what the clients have gained."""
    house: dict[str, Fraction] = defaultdict(Fraction)
    for account in market.accounts.values():
        for kind, _, amount in account.postings:
            house[HOUSE[kind]] -= amount
    return {
        "ticks": [(tick.seq, tick.day, tick.bid, tick.ask, tick.flag) for tick in market.ticks],
        "prices": market.prices,
        "priced": market.priced,
        "house": {purpose: total for purpose, total in house.items() if total},
        "fills": sum(order.steps.count("FILLED") for order in market.orders),
    }


def differences(stored: Books, expected: Books) -> Books:
    """{what: (as stored, as expected)} of all that differs."""
    return {name: (stored[name], expected[name]) for name in expected if stored[name] != expected[name]}


def _by_owner(statement: str) -> dict[int, Rows]:
    rows: dict[int, Rows] = defaultdict(list)
    for owner, *values in sql.fetch_all(statement):
        rows[owner].append(tuple(_exact(values)))
    return rows


def _exact(values: Iterable[Any]) -> list[Any]:
    return [value if isinstance(value, str | date | list | None) else F(value) for value in values]
