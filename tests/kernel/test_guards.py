"""The guards are installed, and desk_app can neither change posted rows nor pass by the transition table."""

import pytest
from django.db import ProgrammingError, connection, transaction

from tradingdesk.kernel.guards import append_only_models


@pytest.mark.django_db
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}"])
def test_append_only_tables_refuse_every_change_by_privilege(statement: str) -> None:
    for model in append_only_models():
        table = model._meta.db_table
        text = statement.format(table).replace("id = id", "market_id = market_id") if table == "quotes_tick" else statement.format(table)
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(text)


@pytest.mark.django_db
def test_every_append_only_table_has_its_trigger() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE '%_append_only' AND tgenabled = 'O'")
        guarded = {row[0] for row in cursor.fetchall()}
    assert {m._meta.db_table for m in append_only_models()} <= guarded


@pytest.mark.django_db
def test_desk_app_cannot_disable_a_trigger() -> None:
    with pytest.raises(ProgrammingError, match="must be owner"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_entry DISABLE TRIGGER ALL")
