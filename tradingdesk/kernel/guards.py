"""What PostgreSQL itself refuses, and who may do what: installed after every migrate, from Python tables, idempotently.

Each app may have a `guards.py` with `statements() -> list[str]`, and `grants() -> list[str]` for what desk_app may do beyond reading and writing rows; the
triggers that write history are `kernel.history_guards`. Error codes of ours: DK001 row that stays, DK002 transition, DK003 unbalanced journal, DK004 funds,
DK005 order steps, DK006 tick day, DK007 history. Two roles: `desk_owner` owns and migrates; `desk_app` runs, may read and write rows, on append-only tables
insert alone, on history nothing but read, and delete nothing that is money or an order; it owns nothing, so it can neither drop nor disable a trigger.
"""

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from django.apps import apps
from django.db import connection
from django.db.models import Model

from tradingdesk.kernel import history_guards

APP_ROLE = "desk_app"

# For guards that look rows up in tables that grow: a plan made while the table was empty would read all of it until statistics catch up.
BY_INDEX = "SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off"

# %: the operation and the table; the trigger's argument says which promise it breaks.
REFUSE_CHANGE = """
CREATE OR REPLACE FUNCTION desk_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
    RAISE EXCEPTION '%: % of % is refused', coalesce(TG_ARGV[0], 'APPEND_ONLY'), TG_OP, TG_TABLE_NAME USING ERRCODE = 'DK001';
END $guard$"""


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
    return statements + history_guards.statements() + [statement for guards in app_guards() for statement in guards.statements()]


def grant_statements() -> list[str]:
    """Privileges of desk_app: rows, not structure; append-only tables take INSERT and SELECT alone, history SELECT; what stays is not deleted."""
    statements = [
        f"GRANT USAGE ON SCHEMA public TO {APP_ROLE}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {APP_ROLE}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {APP_ROLE}",
    ]
    statements += [f"REVOKE UPDATE, DELETE, TRUNCATE ON {m._meta.db_table} FROM {APP_ROLE}" for m in append_only_models()]
    statements += [f"REVOKE DELETE, TRUNCATE ON {m._meta.db_table} FROM {APP_ROLE}" for m in never_deleted_models()]
    statements += [f"REVOKE INSERT ON {m._meta.db_table} FROM {APP_ROLE}" for m in append_only_models() if getattr(m, "written_by_database", False)]
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
