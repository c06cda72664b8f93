"""One deliberate corruption for each check, made by the owner with the guards off: exactly that check finds it, and names row and figures."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from accounts.models import Freeze, Journal, LotChange
from orders.services.cancellation import cancel_orders
from quotes.models import Listing
from settlement.checks import CHECKS, TABLES
from settlement.enums import BreakKind
from settlement.selectors import Difference, differences
from settlement.services.run import settle
from tests.conftest import as_role, database_of_its_own
from tests.factories.books import assert_books_are_right
from tests.factories.desk import MONDAY, Desk, make_desk, order
from tradingdesk.kernel import clock, sql

K = BreakKind


def mixed_days() -> dict[str, int]:
    """Two markets, a settled Monday and something of Tuesday: opened, closed in part, resting, canceled, denied, short, filled in parts. Names of what is
    corrupted later.

    Multiplier 100, margin 5 %, fee 5.00 per lot; quoted at 2000.00 / 2000.50.
    """
    desk, other = make_desk(), make_desk(market_code="OTHER")
    alice, bob, cara = desk.account("100000"), desk.account("50000"), other.account("100000")
    opened = desk.buy(alice, 3)
    closed = desk.close_long(alice, 1)
    resting = desk.buy(alice, 1, "1900.00")
    canceled = desk.buy(alice, 1, "1890.00")
    desk.sell(alice, 1)
    desk.buy(bob, 1)
    desk.buy(bob, 40)
    with desk.now():
        cancel_orders([canceled.order_id])
        settle(desk.market.pk)
    desk.at += timedelta(days=1)
    desk.quote("2010.00", "2010.50")
    desk.close_long(bob, 1)
    filled_in_parts(desk)
    return {
        "market": desk.market.pk,
        "other": other.market.pk,
        "alice": alice.pk,
        "bob": bob.pk,
        "cara": cara.pk,
        "resting": resting.order_id,
        "canceled": canceled.order_id,
        "opened": opened.order_id,
        "opened_freeze": Freeze.objects.get(order_id=opened.order_id).pk,
        "opened_fill": order(opened).fills.get().pk,
        "closed_fill": order(closed).fills.get().pk,
        "opened_lot": alice.lots.order_by("id").first().pk,
        "opened_journal": Journal.objects.get(fill_id=order(opened).fills.get().pk).pk,
        "opened_fee": alice.entries.get(journal__fill_id=order(opened).fills.get().pk).pk,
        "opened_change": LotChange.objects.get(fill_id=order(opened).fills.get().pk).pk,
        "day": alice.days.get().pk,
        "deposit": alice.entries.get(kind="CASH").journal_id,
        "cara_deposit": cara.entries.get().journal_id,
        "last_entry": bob.entries.first().pk,
        "million": 1_000_000,
    }


def filled_in_parts(desk: Desk) -> None:
    """Two lots of each quote: one order filled by two of them, one canceled between them."""
    Listing.objects.filter(market=desk.market).update(quote_quantity=2)
    dave = desk.account("200000")
    whole, cut = (desk.buy(dave, 3, "2010.50") for _ in range(2))
    with desk.now():
        cancel_orders([cut.order_id])
    desk.quote("2010.00", "2010.50")
    assert [(order(one).status, order(one).fills.count()) for one in (whole, cut)] == [("FILLED", 2), ("CANCELED", 1)]


CHECKS_OF_A_ROW = (
    ("accounts_journal", "accounts_journal_of_a_fill"),
    ("accounts_lotchange", "accounts_lotchange_kind"),
    ("orders_orderevent", "orders_orderevent_status"),
)


@pytest.fixture(scope="module")
def names(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, int]]:
    """A database of this module alone; its guards are off, and we are the owner."""
    with database_of_its_own(django_db_blocker), clock.fixed(MONDAY):
        found = mixed_days()
        as_role("owner")
        for table in (*TABLES, "accounts_account"):
            sql.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for table, constraint in CHECKS_OF_A_ROW:
            sql.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")
        yield found
        as_role("app")


def found_after(statements: str, names: dict[str, int], market: int | None = None) -> list[Difference]:
    """What the checks find once the statements have been run; nothing stays done."""
    with transaction.atomic():
        for statement in statements.split(";"):
            sql.execute(statement, names)
        found = differences(market)
        transaction.set_rollback(True)
    return found


@dataclass(frozen=True)
class Corruption:
    """`found`: {(name of the row, part): what is stored less what is recomputed, or both where they are texts}, all of one kind."""

    kind: BreakKind
    statements: str
    found: dict[tuple[str, str], Any]
    account: str | None = "alice"
    market: str = "market"


CORRUPTIONS = [
    Corruption(K.BALANCE, "UPDATE accounts_accountfunds SET balance = balance + 10 WHERE account_id = %(alice)s", {("alice", ""): Decimal(10)}),
    Corruption(K.FROZEN, "UPDATE accounts_accountfunds SET frozen_margin = frozen_margin + 7 WHERE account_id = %(alice)s", {("alice", "margin"): 7}),
    Corruption(K.FROZEN, "UPDATE accounts_accountfunds SET frozen_fee = frozen_fee - 5 WHERE account_id = %(alice)s", {("alice", "fee"): -5}),
    Corruption(K.MARGIN, "UPDATE accounts_accountfunds SET margin = margin + 0.01 WHERE account_id = %(alice)s", {("alice", ""): Decimal("0.01")}),
    Corruption(K.MARGIN, "UPDATE accounts_lot SET margin_group = 'GOLD' WHERE account_id = %(alice)s", {("alice", ""): Decimal("10001.25")}),
    Corruption(K.VERSION, "UPDATE accounts_accountfunds SET version = version + 1 WHERE account_id = %(alice)s", {("alice", ""): 1}),
    Corruption(
        K.VERSION,
        "UPDATE orders_orderevent SET account_version = account_version - 1 WHERE order_id = %(canceled)s AND step = 'CANCELED'",
        {("alice", ""): 1},
    ),
    Corruption(
        K.VERSION,
        "UPDATE accounts_accountday SET account_version = account_version + 100 WHERE account_id = %(alice)s;"
        "UPDATE accounts_entry SET account_version = account_version + 100 WHERE account_id = %(alice)s AND kind = 'HOLDING_PNL'",
        {("alice", ""): -100},
    ),
    Corruption(K.ACCOUNT_DAY, "UPDATE accounts_accountday SET lots = lots + 1 WHERE id = %(day)s", {("day", "lots"): 1}),
    Corruption(
        K.ACCOUNT_DAY,
        "UPDATE accounts_accountday SET opening_balance = 1, cash = cash - 1 WHERE id = %(day)s",
        {("day", "opening balance"): 1, ("day", "cash"): -1},
    ),
    Corruption(
        K.ACCOUNT_DAY,
        "UPDATE accounts_accountday SET realised_pnl = realised_pnl + 1, holding_pnl = holding_pnl + 2, fees = fees + 7, compensation = 4 WHERE id = %(day)s",
        {("day", "realised P&L"): 1, ("day", "holding P&L"): 2, ("day", "fees"): 7, ("day", "compensation"): 4},
    ),
    Corruption(
        K.ENTRY_CHAIN, "UPDATE accounts_entry SET balance_after = balance_after + 3 WHERE id = %(last_entry)s", {("last_entry", ""): 3}, "bob"
    ),
    Corruption(
        K.JOURNAL_SUM,
        "UPDATE accounts_entry SET amount = amount + 1 WHERE journal_id = %(deposit)s AND account_id IS NULL;"
        "UPDATE accounts_entry SET amount = amount - 1 WHERE journal_id = %(opened_journal)s AND account_id IS NULL",
        {("deposit", "USD"): 1, ("opened_journal", "USD"): -1},
    ),
    Corruption(
        K.JOURNAL_EMPTY,
        "INSERT INTO accounts_journal (id, market_id, kind, trading_day, reason, request_id, market_time, recorded_at)"
        " VALUES (1000000, %(market)s, 'CASH', '2026-03-02', '', '', now(), now())",
        {("million", ""): ("none", "some")},
        None,
    ),
    # 100,000.00 less 25.00 of fees, 50.00 realised, and 50.00 and 25.00 marked at the middle
    Corruption(
        K.ZERO_SUM,
        "UPDATE accounts_account SET currency = 'EUR' WHERE id = %(alice)s",
        {("market", "EUR"): Decimal("99850"), ("market", "USD"): Decimal("-99850")},
        None,
    ),
    Corruption(
        K.LOT,
        "UPDATE accounts_lotchange SET margin_change = margin_change + 1 WHERE kind = 'MARK' AND lot_id = %(opened_lot)s",
        {("opened_lot", "margin"): -1},
    ),
    Corruption(
        K.LOT_BASIS,
        "UPDATE accounts_lot SET basis_price = basis_price + 1, open_price = open_price + 2 WHERE id = %(opened_lot)s",
        {("opened_lot", "basis price"): 1, ("opened_lot", "open price"): 2},
    ),
    Corruption(
        K.POSITION,
        "INSERT INTO accounts_lotchange (lot_id, account_id, kind, quantity_change, margin_change, price, basis_price, pnl, account_version,"
        " trading_day, recorded_at) VALUES (%(opened_lot)s, %(alice)s, 'CLOSE', -1, 0, 1, 1, 0, 1, '2026-03-02', now());"
        "UPDATE accounts_lot SET quantity = quantity - 1 WHERE id = %(opened_lot)s",
        {("alice", "GOLD-TEST"): -1},
    ),
    Corruption(K.FILL_LOTS, "UPDATE accounts_lotchange SET fill_id = NULL WHERE fill_id = %(opened_fill)s", {("opened_fill", "quantity"): 3}),
    Corruption(
        K.FILL_LOTS,
        "UPDATE accounts_lotchange SET pnl = 0 WHERE fill_id = %(closed_fill)s",
        {("closed_fill", "realised P&L"): -50},
    ),
    Corruption(K.FILL_UNBOOKED, "UPDATE accounts_journal SET fill_id = NULL WHERE fill_id = %(opened_fill)s", {("opened_fill", ""): ("none", "one")}),
    Corruption(
        K.FILL_JOURNAL,
        "UPDATE accounts_entry SET kind = 'OVERNIGHT_FEE' WHERE id = %(opened_fee)s",
        {("opened_fill", "fee"): 15, ("opened_fill", "anything else"): 15},
    ),
    Corruption(
        K.FILL_STEPS,
        "DELETE FROM orders_orderevent WHERE fill_id = %(opened_fill)s AND step = 'POSITIONED'",
        {("opened_fill", ""): ("MATCHED FILLED RELEASED SETTLED", "MATCHED FILLED RELEASED POSITIONED SETTLED")},
    ),
    Corruption(
        K.FILL_STEPS,
        "UPDATE orders_orderevent SET id = 1000000 WHERE fill_id = %(opened_fill)s AND step = 'RELEASED'",
        {("opened_fill", ""): ("MATCHED FILLED POSITIONED SETTLED RELEASED", "MATCHED FILLED RELEASED POSITIONED SETTLED")},
    ),
    Corruption(
        K.ORDER_TOTALS,
        "UPDATE orders_order SET fees = fees + 1, realised_pnl = 2, filled_value = filled_value - 3 WHERE id = %(opened)s",
        {("opened", "fees"): 1, ("opened", "realised P&L"): 2, ("opened", "filled value"): -3},
    ),
    Corruption(
        K.ORDER_HALF,
        "UPDATE orders_orderevent SET status = 'FROZEN' WHERE order_id = %(resting)s AND step = 'RESTED';"
        "UPDATE orders_order SET status = 'FROZEN' WHERE id = %(resting)s",
        {("resting", ""): ("FROZEN", "none")},
    ),
    Corruption(
        K.ORDER_STATUS,
        "UPDATE orders_order SET status = 'PARTIALLY_FILLED' WHERE id = %(resting)s",
        {("resting", ""): ("PARTIALLY_FILLED", "WORKING")},
    ),
    Corruption(
        K.ORDER_STATUS,
        "DELETE FROM orders_orderevent WHERE order_id = %(resting)s AND step = 'RESTED'",
        {("resting", ""): ("WORKING", "no event")},
    ),
    Corruption(
        K.ORDER_ROWS,
        "UPDATE orders_fill SET market_id = %(other)s WHERE id = %(opened_fill)s",
        {("opened", "market of fill {opened_fill}"): ("{other}", "{market}")},
    ),
    Corruption(
        K.ORDER_ROWS,
        "UPDATE accounts_lotchange SET account_id = %(cara)s WHERE fill_id = %(opened_fill)s",
        {("opened", "account of lot change {opened_change}"): ("{cara}", "{alice}")},
    ),
    Corruption(K.FREEZE_STATUS, "UPDATE accounts_freeze SET status = 'OPEN' WHERE order_id = %(canceled)s", {("canceled", ""): ("OPEN", "RESOLVED")}),
    Corruption(
        K.FREEZE_CAPTURED, "UPDATE orders_fill SET captured_fee = captured_fee + 1 WHERE id = %(opened_fill)s", {("opened_freeze", "fee"): -1}
    ),
]


def in_numbers(figures: Any, names: dict[str, int]) -> Any:
    """Names within texts stand for their rows."""
    return tuple(text.format(**names) for text in figures) if isinstance(figures, tuple) else figures


def test_right_books_have_no_breaks(names: dict[str, int]) -> None:
    assert_books_are_right()


@pytest.mark.parametrize("corruption", CORRUPTIONS, ids=lambda c: f"{c.kind}-{'-'.join(part for _, part in c.found)}")
def test_exactly_its_check_finds_a_corruption(names: dict[str, int], corruption: Corruption) -> None:
    found = found_after(corruption.statements, names)
    assert {one.kind for one in found} == {corruption.kind}
    expected = {(names[name], part.format(**names)): in_numbers(figures, names) for (name, part), figures in corruption.found.items()}
    assert {(one.object_id, one.part): (one.stored, one.recomputed) if one.difference is None else one.difference for one in found} == expected
    assert {one.market_id for one in found} == {names[corruption.market]}
    assert {one.account_id for one in found} == {names[corruption.account] if corruption.account else None}
    assert_books_are_right()


def test_an_entry_that_crossed_a_market_is_found_where_its_journal_is(names: dict[str, int]) -> None:
    # Given two deposits of 100,000.00 in two markets, whose house lines change places: each market still sums to zero
    house = "SELECT id FROM accounts_entry WHERE account_id IS NULL AND journal_id = %({})s"
    bank = "SELECT id FROM accounts_houseaccount WHERE purpose = 'CASH_AT_BANK' AND market_id = %({})s"
    moved = [("deposit", "other"), ("cara_deposit", "market")]
    statements = ";".join(f"UPDATE accounts_entry SET house_account_id = ({bank.format(to)}) WHERE id = ({house.format(of)})" for of, to in moved)
    # Then both entries are found, and in one market one of them
    found = found_after(statements, names)
    assert [(one.kind, one.market_id, one.stored, one.recomputed) for one in found] == [
        (K.JOURNAL_MARKET, names["market"], "OTHER", "TEST"),
        (K.JOURNAL_MARKET, names["other"], "TEST", "OTHER"),
    ]
    assert [one.market_id for one in found_after(statements, names, names["other"])] == [names["other"]]


def test_an_account_without_a_funds_row_is_found(names: dict[str, int]) -> None:
    found = found_after("DELETE FROM accounts_accountfunds WHERE account_id = %(cara)s", names)
    assert [(one.kind, one.object_id, one.stored, one.recomputed) for one in found] == [(K.BALANCE, names["cara"], None, Decimal(100_000))]


def test_every_check_has_a_corruption() -> None:
    assert set(CHECKS) == set(BreakKind) == {corruption.kind for corruption in CORRUPTIONS} | {K.JOURNAL_MARKET}


def test_every_check_reads_tables_that_are_counted() -> None:
    named_tables = {word for check in CHECKS.values() for word in re.findall(r"\w+", check.statement) if word.startswith(("accounts_", "orders_"))}
    others = {"accounts_account", "accounts_houseaccount"}
    assert named_tables - others == set(TABLES)


def test_sentences_name_both_figures(names: dict[str, int]) -> None:
    for check in CHECKS.values():
        assert check.sentence("fee", "1.00", "2.00").endswith(".")
    assert CHECKS[K.FROZEN].sentence("fee", "5", "10") == "Frozen fee is 5; the account's open freezes hold 10."
