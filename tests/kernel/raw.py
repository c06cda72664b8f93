"""Statements tried by hand, as desk_app: what PostgreSQL answers; nothing stays done."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import psycopg
from django.db import DatabaseError, connection, transaction

from tests.factories.books import broken_invariants

Row = Mapping[str, Any]
Statement = tuple[str, Sequence[Any]]


def insert(table: str, *rows: Row) -> Statement:
    """One INSERT of rows with the same columns."""
    places = ", ".join(f"({', '.join(['%s'] * len(row))})" for row in rows)
    return f"INSERT INTO {table} ({', '.join(rows[0])}) VALUES {places}", [value for row in rows for value in row.values()]


def refusal(statements: Iterable[Statement]) -> str | None:
    """What PostgreSQL answers to these statements as one transaction, its end included: the error's code and name; None when they are taken.

    What it takes leaves right books, or the test fails here.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            for statement, params in statements:
                cursor.execute(statement, params or None)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            broken = broken_invariants()
            transaction.set_rollback(True)
    except DatabaseError as error:
        return name_of(error.__cause__)  # type: ignore[arg-type]
    assert broken == {}
    return None


def name_of(error: psycopg.Error) -> str:
    """`DK003 UNBALANCED_JOURNAL`, `23514 accounts_lot_remainder`, or the code alone."""
    state = error.sqlstate or ""
    name = error.diag.constraint_name or ((error.diag.message_primary or "").split(":")[0] if state.startswith("DK") else "")
    return f"{state} {name}".strip()


def code_of(statement: str, params: Sequence[Any] = ()) -> str | None:
    """The error code PostgreSQL answers a single statement with (deferred checks included), or None when it would have taken it."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, params or None)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            transaction.set_rollback(True)
    except DatabaseError as error:
        return error.__cause__.sqlstate
    return None


def next_id(table: str) -> int:
    """An id of a table's own."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT nextval('{table}_id_seq')")
        return int(cursor.fetchone()[0])
