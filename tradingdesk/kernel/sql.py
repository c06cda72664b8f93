"""Set-based statements on the hot path: server-side parameters (so that PostgreSQL plans once) and one round trip for many statements.

Rows go in as one JSON parameter, so the text of a statement does not depend on how many rows there are (half the time of an array per column). Ids
are taken from the sequences beforehand (`ids_statement`), so no statement waits for the answer of another. Django leaves JSON columns as text.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

import psycopg
from django.db import connection
from django.db.models import Model

Statement = tuple[str, Sequence[Any]]


def execute(sql: str, params: Sequence[Any] | dict[str, Any] = ()) -> psycopg.Cursor[Any]:
    """Runs one statement with server-side parameters on Django's connection, inside its transaction; Django's error classes."""
    connection.ensure_connection()
    with connection.wrap_database_errors:
        cursor = psycopg.Cursor(connection.connection)
        return cursor.execute(sql, params)  # type: ignore[arg-type]


def fetch_all(sql: str, params: Sequence[Any] | dict[str, Any] = ()) -> list[tuple[Any, ...]]:
    """Every row of one statement."""
    with connection.wrap_database_errors:
        return execute(sql, params).fetchall()


@contextmanager
def pipeline() -> Iterator[None]:
    """Statements inside go out together and are answered together: one round trip."""
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


def rows_json(rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows as one parameter: a JSON array for `json_to_recordset`. Decimals, dates and times go as text, so nothing is rounded."""
    return json.dumps(list(rows), default=_text, separators=(",", ":"))


def _text(value: Any) -> str:
    return _time_text(value) if type(value) is datetime else str(value)


@lru_cache(maxsize=256)
def _time_text(time: datetime) -> str:
    # A batch repeats the few instants it happened at in every row, and each costs as much to write out as ten numbers.
    return str(time)


@cache
def insert_sql(model: type[Model], columns: tuple[str, ...]) -> str:
    """INSERT of any number of rows of these columns, given as one JSON parameter."""
    types = {f.column: f.db_type(connection) for f in model._meta.concrete_fields}
    names = ", ".join(f'"{c}"' for c in columns)
    record = ", ".join(f'"{c}" {types[c]}' for c in columns)
    return f"INSERT INTO {model._meta.db_table} ({names}) SELECT {names} FROM json_to_recordset(%s::json) AS n({record})"


def insert(model: type[Model], rows: Iterable[Mapping[str, Any]]) -> None:
    """Inserts rows given as {column: value}, all with the same keys; nothing for no rows."""
    rows = list(rows)
    if rows:
        execute(insert_sql(model, tuple(rows[0])), [rows_json(rows)])


def ids_statement(counts: Mapping[Any, int]) -> Statement:
    """A statement that reserves ids for rows yet to be written, `counts[model class]` of each; read the answer with `read_ids`."""
    parts = " UNION ALL ".join(
        f"SELECT {index}, nextval('{model._meta.db_table}_id_seq') FROM generate_series(1, %s)" for index, model in enumerate(counts)
    )
    return parts, list(counts.values())


def read_ids(cursor: psycopg.Cursor[Any], counts: Mapping[Any, int]) -> dict[Any, Iterator[int]]:
    """The reserved ids, ascending, per model."""
    models = list(counts)
    ids: dict[Any, list[int]] = {m: [] for m in models}
    for index, value in cursor.fetchall():
        ids[models[index]].append(value)
    return {m: iter(sorted(values)) for m, values in ids.items()}
