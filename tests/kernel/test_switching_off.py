"""The guards are those of the Python tables, all of them on; desk_app can neither switch one off, nor step around it, nor write what the database derives."""

import re

import pytest
from django.db import connection
from django.db.models import Model

from accounts.models import AccountFunds, Freeze, Lot
from orders.models import Order
from tests.factories.desk import Desk
from tests.kernel.raw import code_of, refusal
from tests.kernel.raw_orders import reached
from tradingdesk.kernel import guards

pytestmark = pytest.mark.django_db
DERIVED = [(model, name) for model in (AccountFunds, Freeze, Lot, Order) for name in model.derived_fields]


def test_every_guard_function_is_as_the_tables_say() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace")
        installed = dict(cursor.fetchall())
    stated = {name: body for one in guards.guard_statements() for name, body in re.findall(r"FUNCTION (\w+)\(.*?AS \$\w+\$(.*)\$\w+\$", one, re.S)}
    assert {name: installed.get(name) for name in stated} == stated


def test_every_trigger_is_stated_and_on() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname, tgrelid::regclass::text, tgenabled FROM pg_trigger WHERE NOT tgisinternal AND tgparentid = 0")
        installed = {(name, table): enabled for name, table, enabled in cursor.fetchall()}
    pattern = r"CREATE (?:OR REPLACE |CONSTRAINT )TRIGGER (\w+) .*? ON (\w+)"
    stated = {found for one in guards.guard_statements() for found in re.findall(pattern, one, re.S)}
    assert set(installed) == stated
    assert set(installed.values()) == {"O"}


def test_every_guard_that_looks_rows_up_looks_in_our_tables() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proconfig IS NULL")
        unbound = {name for (name,) in cursor.fetchall()}
        cursor.execute("SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace")
        reads = {name for name, source in cursor.fetchall() if re.search(r"\b(FROM|JOIN|UPDATE) \w+_\w+", source)}
    assert not unbound & reads


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE accounts_entry DISABLE TRIGGER ALL",
        "ALTER TABLE accounts_entry DISABLE TRIGGER accounts_entry_posted",
        "ALTER TABLE accounts_entry DROP CONSTRAINT accounts_entry_line",
        "ALTER TABLE accounts_journal ALTER CONSTRAINT accounts_journal_has_entries NOT DEFERRABLE",
        "ALTER TABLE accounts_accountfunds OWNER TO desk_app",
        "ALTER TABLE orders_order RENAME TO orders_other",
        "DROP TRIGGER orders_event_guard ON orders_orderevent",
        "DROP FUNCTION orders_event_guard() CASCADE",
        "DROP TABLE accounts_entry CASCADE",
        "ALTER FUNCTION orders_event_guard() OWNER TO desk_app",
        "ALTER FUNCTION accounts_entry_posted() SECURITY INVOKER",
        "ALTER FUNCTION orders_event_guard() SET search_path = pg_temp",
        "CREATE OR REPLACE FUNCTION orders_event_guard() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE FUNCTION mine() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE TRIGGER aaa BEFORE INSERT ON accounts_entry FOR EACH ROW EXECUTE FUNCTION desk_refuse_change()",
        "CREATE RULE quiet AS ON INSERT TO accounts_entry DO INSTEAD NOTHING",
        "CREATE TABLE mine (id bigint)",
        "CREATE SCHEMA mine",
        "SET session_replication_role = replica",
        "SET LOCAL session_replication_role = replica",
        "SELECT set_config('session_replication_role', 'replica', true)",
        "SET ROLE desk_owner",
        "SET SESSION AUTHORIZATION desk_owner",
        "GRANT ALL ON accounts_entry TO desk_app; UPDATE accounts_entry SET amount = 0",
        "GRANT UPDATE (balance) ON accounts_accountfunds TO desk_app; UPDATE accounts_accountfunds SET balance = 0",
        "ALTER ROLE desk_app SUPERUSER",
        "ALTER DATABASE postgres OWNER TO desk_app",
        "COMMENT ON TRIGGER orders_event_guard ON orders_orderevent IS 'mine'",
        "UPDATE pg_trigger SET tgenabled = 'D'",
        "DELETE FROM pg_constraint",
        "SELECT setval('accounts_entry_id_seq', 1)",
        "SET LOCAL ROLE pg_write_all_data",
        "LOCK TABLE accounts_entry IN ACCESS EXCLUSIVE MODE NOWAIT; ALTER TABLE accounts_entry DISABLE TRIGGER USER",
    ],
)
def test_desk_app_cannot_switch_a_guard_off(statement: str) -> None:
    assert code_of(statement) == "42501"


@pytest.mark.parametrize("function", ["accounts_entry_posted", "orders_fill_made", "orders_lot_changed", "desk_history"])
def test_a_guard_with_the_owners_rights_is_put_on_no_other_table(function: str) -> None:
    trigger = "CREATE TRIGGER mine AFTER INSERT ON mine REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION"
    assert code_of(f"CREATE TEMPORARY TABLE mine (LIKE accounts_entry); {trigger} {function}()") == "42501"


@pytest.mark.parametrize(("model", "name"), DERIVED, ids=lambda value: getattr(value, "__name__", value))
def test_what_the_database_derives_nobody_else_writes(desk: Desk, model: type[Model], name: str) -> None:
    desk.buy(desk.account("100000"), 1)
    assert code_of(f"UPDATE {model._meta.db_table} SET {name} = {name}") == "42501"
    others = [f.column for f in model._meta.concrete_fields if f.name not in (*model.derived_fields, *model.fixed_fields) and not f.primary_key]
    assert code_of(f"UPDATE {model._meta.db_table} SET {', '.join(f'{column} = {column}' for column in others)}") is None


SHADOWS = ("orders_order", "orders_fill", "orders_orderevent", "accounts_freeze", "accounts_journal", "accounts_entry", "accounts_lotchange")
TRICKS = {
    "checks at once": "SET CONSTRAINTS ALL IMMEDIATE",
    "checks at the end": "SET CONSTRAINTS ALL DEFERRED",
    "our tables shadowed": "; ".join(f"CREATE TEMPORARY TABLE {table} (LIKE {table} INCLUDING ALL)" for table in SHADOWS),
    "a type shadowed": "CREATE DOMAIN pg_temp.numeric AS pg_catalog.text; SET LOCAL search_path = pg_temp, pg_catalog, public",
    "another path": "SET LOCAL search_path = pg_temp, public, pg_catalog",
}
HALVES = {
    "without its journal": ("journal", "entries"),
    "without its lot change": ("change",),
    "without its events": ("events",),
    "without its freeze": ("freeze",),
}


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("trick", TRICKS)
def test_no_trick_of_the_session_lets_half_an_order_in(desk: Desk, trick: str, half: str) -> None:
    order = reached(desk, desk.account("100000"), "FILLED")
    statements = [public(write.statement) for write in order.whole if write.name not in HALVES[half]]
    assert refusal([(TRICKS[trick], ()), *statements]) is not None


def public(statement: tuple) -> tuple:
    """Of our table, whatever the session's path is."""
    return re.sub(r"(INSERT INTO|UPDATE) ", r"\1 public.", statement[0].strip()), statement[1]
