"""Verification of 100,000 accounts and 1,000,000 entries, beside a plain scan of the same tables.

One account goes through services: funded, 2 lots opened, 1 closed, a day settled, one order left resting. The books then hold it 100,000 times over, copied by
the owner without guards and foreign keys: 1,700,000 events, 400,000 journals, 300,000 orders and as many freezes, 200,000 fills.
"""

from datetime import timedelta
from functools import cache
from time import perf_counter

import psycopg
from django.apps import apps

from settlement.checks import TABLES
from settlement.enums import VerificationSource
from settlement.selectors import rows_by_table
from settlement.services.run import settle
from settlement.services.verification import verify
from tests.bench.registry import bench
from tests.bench.servers import DATABASE, analyze, cluster
from tests.factories.desk import make_desk
from tradingdesk.kernel import sql

ACCOUNTS = 100_000
STRIDE = 1_000_000  # a copy's ids: those of the row it is copied from times this, plus its number; so ids of all accounts interleave, as in life
OF_ONE_ACCOUNT = {"id", "account_id", "order_id", "fill_id", "opening_fill_id", "journal_id", "lot_id"}
FOREIGN_KEYS = "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'f' AND conrelid = ANY(%s::regclass[])"
COPIED = ("accounts_account", *TABLES)


@cache
def the_books() -> dict[str, int]:
    """Made once per run; how many rows each table holds."""
    desk = make_desk(market_code="VERIFY")
    account = desk.account("100000")
    desk.buy(account, 2)
    desk.close_long(account, 1)
    with desk.now():
        settle(desk.market.pk)
    desk.at += timedelta(days=1)
    desk.quote("2010.00", "2010.50")
    desk.buy(account, 1, "1900.00")
    models = {model._meta.db_table: model for model in apps.get_models()}
    with psycopg.connect(cluster().url("owner", DATABASE)) as owner:
        for table, key in owner.execute(FOREIGN_KEYS, [list(COPIED)]).fetchall():
            owner.execute(f"ALTER TABLE {table} DROP CONSTRAINT {key}")
        for table in COPIED:
            owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            owner.execute(copies_sql(table, [field.column for field in models[table]._meta.concrete_fields]))
    analyze()
    rows = rows_by_table()
    assert (rows["accounts_accountfunds"], rows["accounts_entry"]) == (ACCOUNTS, 10 * ACCOUNTS), rows
    return rows


def copies_sql(table: str, columns: list[str]) -> str:
    """The rows of the one account for each of the others."""
    return f"""INSERT INTO {table} ({", ".join(columns)}) SELECT {", ".join(map(copied, columns))}
        FROM {table} t CROSS JOIN generate_series(1, {ACCOUNTS - 1}) n ORDER BY 1, n"""


def copied(column: str) -> str:
    """A column's value in a copy."""
    if column == "number":
        return "t.number || '-' || n"
    return f"t.{column} * {STRIDE} + n" if column in OF_ONE_ACCOUNT else f"t.{column}"


def scan_seconds() -> float:
    """Every row of the same tables read once, every entry's amount added up."""
    the_books()
    started = perf_counter()
    rows_by_table()
    sql.fetch_all("SELECT sum(amount) FROM accounts_entry")
    return perf_counter() - started


@bench("verify_100000_accounts_1000000_entries", unit="s", target=20.0, yardstick=scan_seconds)
def verify_100000_accounts() -> float:
    """Every check in one snapshot, and what they found written."""
    rows = the_books()
    started = perf_counter()
    verification = verify(source=VerificationSource.COMMAND)
    seconds = perf_counter() - started
    assert (verification.found, verification.rows) == (0, sum(rows.values()))
    return seconds
