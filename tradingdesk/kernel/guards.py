"""What PostgreSQL itself refuses, and who may do what: installed after every migrate, from Python tables, idempotently.

Each app may have a `guards.py` with `statements() -> list[str]`. Error codes of ours: DK001 append-only, DK002 transition, DK003 unbalanced
journal, DK004 funds, DK005 order steps. Two roles: `desk_owner` owns and migrates; `desk_app` runs, may read and write rows, and on append-only
tables insert alone; it owns nothing, so it can neither drop nor disable a trigger.
"""

from importlib import import_module
from importlib.util import find_spec

from django.apps import apps
from django.db import connection
from django.db.models import Model

APP_ROLE = "desk_app"

# For guards that look rows up in tables that grow: a plan made while the table was empty would read all of it until statistics catch up.
BY_INDEX = "SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off"

REFUSE_CHANGE = """
CREATE OR REPLACE FUNCTION desk_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
    RAISE EXCEPTION 'APPEND_ONLY: % of % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'DK001';
END $guard$"""


def append_only_models() -> list[type[Model]]:
    """Every model whose rows never change."""
    return [m for m in apps.get_models() if getattr(m, "append_only", False)]


def append_only_sql(table: str) -> str:
    """The trigger behind the missing privilege: it binds the owner too."""
    return (
        f"CREATE OR REPLACE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION desk_refuse_change()"
    )


def guard_statements() -> list[str]:
    """All guards of all apps, in app order."""
    statements = [REFUSE_CHANGE, *(append_only_sql(m._meta.db_table) for m in append_only_models())]
    for config in apps.get_app_configs():
        name = f"{config.name}.guards"
        if config.name != "tradingdesk.kernel" and find_spec(name) is not None:
            statements += import_module(name).statements()
    return statements


def grant_statements() -> list[str]:
    """Privileges of desk_app: rows, not structure; append-only tables take INSERT and SELECT alone."""
    statements = [
        f"GRANT USAGE ON SCHEMA public TO {APP_ROLE}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {APP_ROLE}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {APP_ROLE}",
    ]
    tables = [m._meta.db_table for m in append_only_models()]
    return statements + [f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {APP_ROLE}" for table in tables]


def install() -> None:
    """Runs every guard, then the grants where the role exists and is not ourselves."""
    with connection.cursor() as cursor:
        for statement in guard_statements():
            cursor.execute(statement)
        cursor.execute("SELECT current_user <> %s FROM pg_roles WHERE rolname = %s", [APP_ROLE, APP_ROLE])
        if cursor.fetchone() == (True,):
            for statement in grant_statements():
                cursor.execute(statement)
