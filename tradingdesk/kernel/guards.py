"""What PostgreSQL itself refuses, and who may do what: installed after every migrate, from Python tables, idempotently.

Each app may have `guards` with `statements() -> list[str]`, and `grants() -> list[str]` for what desk_app may do beyond reading and writing rows; the triggers
that write history are `kernel.history_guards`. Two roles: `desk_owner` owns and migrates; `desk_app` runs, may read and write rows, on append-only tables
insert alone, on history nothing but read, and delete nothing that is money or an order; it owns nothing, so it can neither drop nor disable a trigger.

What follows from append-only rows is written by the database alone, when they are inserted: a balance from entries, a lot from its changes, a capture and
an order's filled amounts from fills, a frozen order from its freeze (`derived_fields`, which desk_app may not write). Whatever else must hold is compared
at once, by triggers over the rows of a statement; what only the end of the transaction can tell, by deferred foreign keys and one deferred function.

Error codes of ours: DK001 row that stays, DK002 transition, DK003 journal (unbalanced, across markets, after the fact, not following on), DK004 funds, DK005
order steps, DK006 tick day, DK007 history, DK008 fill (of no open order, without freeze, journal or lot change), DK009 lot, DK010 freeze, DK011 order half
way or not as its log says. Beside them PostgreSQL's own: 42501 a privilege, 23503 a foreign key, 23505 a unique and 23514 a check constraint.
"""

from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from django.apps import apps
from django.db import connection
from django.db.models import Model

from tradingdesk.kernel import history_guards

APP_ROLE = "desk_app"

# For guards that look rows up. In our tables, whatever temporary tables of the same names a session has made: those come first unless they are named last.
# And by index: a plan made while the table was empty would read all of it until statistics catch up.
LOOKS_UP = "SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off"
# For guards that write what follows, with the owner's rights.
DERIVES = f"SECURITY DEFINER {LOOKS_UP}"

# %: the operation and the table; the trigger's argument says which promise it breaks.
REFUSE_CHANGE = """
CREATE OR REPLACE FUNCTION desk_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
    RAISE EXCEPTION '%: % of % is refused', coalesce(TG_ARGV[0], 'APPEND_ONLY'), TG_OP, TG_TABLE_NAME USING ERRCODE = 'DK001';
END $guard$"""


# A trigger runs whoever may call its function; but who may call it could put it on a table of his own, and feed it rows of his own making.
OWNERS_RIGHTS = """
DO $body$
DECLARE name regprocedure;
BEGIN
    FOR name IN SELECT oid FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef AND prorettype = 'trigger'::regtype LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', name);
    END LOOP;
END $body$"""


def append_only_models() -> list[type[Model]]:
    """Every model whose rows never change."""
    return [m for m in apps.get_models() if getattr(m, "append_only", False)]


def never_deleted_models() -> list[type[Model]]:
    """Every model whose rows change and stay."""
    return [m for m in apps.get_models() if getattr(m, "never_deleted", False)]


def append_only_sql(table: str) -> str:
    """The trigger behind the missing privilege: it binds the owner too."""
    return (
        f"CREATE OR REPLACE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION desk_refuse_change('APPEND_ONLY')"
    )


def never_deleted_sql(table: str) -> str:
    """The same for rows that may change."""
    return (
        f"CREATE OR REPLACE TRIGGER {table}_never_deleted BEFORE DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION desk_refuse_change('NEVER_DELETED')"
    )


def fixed_sql(model: type[Model]) -> list[str]:
    """A trigger for an UPDATE that names a fixed column or the key and changes it; updates of other columns do not meet it."""
    names = getattr(model, "fixed_fields", ())
    if not names:
        return []
    meta = model._meta
    fixed = {meta.get_field(name) for name in names}
    columns = [str(field.column) for field in meta.concrete_fields if field.primary_key or field in fixed]
    before, after = (", ".join(f"{row}.{column}" for column in columns) for row in ("OLD", "NEW"))
    return [
        f"CREATE OR REPLACE TRIGGER {meta.db_table}_fixed BEFORE UPDATE OF {', '.join(columns)} ON {meta.db_table} FOR EACH ROW "
        f"WHEN (ROW({before}) IS DISTINCT FROM ROW({after})) EXECUTE FUNCTION desk_refuse_change('FIXED')"
    ]


def born_empty_sql(table: str, columns: Iterable[str]) -> str:
    """What is derived begins with nothing."""
    condition = " OR ".join(f"NEW.{column} <> 0" for column in columns)
    return (
        f"CREATE OR REPLACE TRIGGER {table}_born_empty BEFORE INSERT ON {table} FOR EACH ROW WHEN ({condition}) "
        "EXECUTE FUNCTION desk_refuse_change('BORN_EMPTY')"
    )


def after_sql(name: str, event: str, table: str, rows: str = "NEW TABLE AS new_rows") -> str:
    """The statement-level trigger of a guard function of the same name."""
    return f"CREATE OR REPLACE TRIGGER {name} AFTER {event} ON {table} REFERENCING {rows} FOR EACH STATEMENT EXECUTE FUNCTION {name}()"


def at_commit_sql(name: str, function: str, event: str, table: str, condition: str) -> str:
    """A deferred trigger per row; PostgreSQL replaces none of these, so it is dropped and made in one transaction."""
    return (
        f"DROP TRIGGER IF EXISTS {name} ON {table}; "
        f"CREATE CONSTRAINT TRIGGER {name} AFTER {event} ON {table} DEFERRABLE INITIALLY DEFERRED "
        f"FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION {function}()"
    )


def derived_grants(model: type[Model]) -> list[str]:
    """desk_app may write every column but the derived ones."""
    meta = model._meta
    derived = {meta.get_field(name) for name in getattr(model, "derived_fields", ())}
    if not derived:
        return []
    columns = ", ".join(str(field.column) for field in meta.concrete_fields if field not in derived)
    return [f"REVOKE UPDATE ON {meta.db_table} FROM {APP_ROLE}", f"GRANT UPDATE ({columns}) ON {meta.db_table} TO {APP_ROLE}"]


def app_guards() -> Iterator[ModuleType]:
    """The guards of each app that has some, in app order."""
    for config in apps.get_app_configs():
        name = f"{config.name}.guards"
        if config.name != "tradingdesk.kernel" and find_spec(name) is not None:
            yield import_module(name)


def guard_statements() -> list[str]:
    """All guards of all apps: those that follow from the models, then each app's own."""
    statements = [REFUSE_CHANGE, *(append_only_sql(m._meta.db_table) for m in append_only_models())]
    for model in never_deleted_models():
        statements += [never_deleted_sql(model._meta.db_table), *fixed_sql(model)]
    statements += history_guards.statements() + [statement for guards in app_guards() for statement in guards.statements()]
    return [*statements, OWNERS_RIGHTS]


def grant_statements() -> list[str]:
    """Privileges of desk_app: rows, not structure; append-only tables take INSERT and SELECT alone, history SELECT; what stays is not deleted."""
    statements = [
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        f"GRANT USAGE ON SCHEMA public TO {APP_ROLE}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {APP_ROLE}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {APP_ROLE}",
    ]
    statements += [f"REVOKE UPDATE, DELETE, TRUNCATE ON {m._meta.db_table} FROM {APP_ROLE}" for m in append_only_models()]
    statements += [f"REVOKE INSERT ON {m._meta.db_table} FROM {APP_ROLE}" for m in append_only_models() if getattr(m, "written_by_database", False)]
    for model in never_deleted_models():
        statements += [f"REVOKE DELETE, TRUNCATE ON {model._meta.db_table} FROM {APP_ROLE}", *derived_grants(model)]
    return statements + [statement for guards in app_guards() if hasattr(guards, "grants") for statement in guards.grants()]


def install() -> None:
    """Runs every guard, then the grants where the role exists and is not ourselves."""
    with connection.cursor() as cursor:
        for statement in guard_statements():
            cursor.execute(statement)
        cursor.execute("SELECT current_user <> %s FROM pg_roles WHERE rolname = %s", [APP_ROLE, APP_ROLE])
        if cursor.fetchone() == (True,):
            for statement in grant_statements():
                cursor.execute(statement)
