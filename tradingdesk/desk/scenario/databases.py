"""Databases beside the desk's own, made and dropped as their owner; who is alive with one holds an advisory lock on its number.

The locks are held on a connection to the desk's database, by everybody there, so that they mean the same to all; PostgreSQL gives them back with the
connection, whatever happens to the process. Name and number belong together: `<desk's database>_scenario_<number>`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dj_database_url
import psycopg
import psycopg.errors
from django.db import connection
from psycopg import sql

from quotes.selectors import calendars
from tradingdesk.desk.scenario.errors import ScenarioError
from tradingdesk.kernel.locks import AdvisoryLock
from tradingdesk.local import addresses

LONGEST_NAME = 63  # of anything in PostgreSQL
OF_THE_SERVER = ("HOST", "PORT", "USER", "PASSWORD")
CONNECT_TIMEOUT_SECONDS = 5
SESSION = "-c lock_timeout=300s"  # as long as somebody else may take to make a template


@contextmanager
def owner_session() -> Iterator[psycopg.Connection[Any]]:
    """The owner, connected to the desk's database, outside transactions. ScenarioError when it cannot be reached."""
    settings = _settings("owner")
    given = {"host": settings["HOST"], "port": settings["PORT"] or None, "user": settings["USER"], "password": settings["PASSWORD"]}
    given |= {key: value for key, value in settings.get("OPTIONS", {}).items() if key.startswith("ssl")}
    given |= {"dbname": connection.settings_dict["NAME"], "options": SESSION, "connect_timeout": CONNECT_TIMEOUT_SECONDS}
    try:
        owner = psycopg.connect(**given, autocommit=True)
    except psycopg.OperationalError as error:
        raise ScenarioError("", f"PostgreSQL cannot be reached as the databases' owner ({str(error).splitlines()[0]})") from error
    with owner:
        yield owner


@contextmanager
def connected_to(database: str, role: str) -> Iterator[None]:
    """Django's connection leads to this database, as this role ("app" or "owner"), until the block ends. Never inside a transaction."""
    settings = connection.settings_dict
    before = {key: settings[key] for key in ("NAME", *OF_THE_SERVER)}
    connection.close()
    calendars.forget()  # the same ids mean other calendars there
    settings.update({key: _settings(role)[key] for key in OF_THE_SERVER}, NAME=database)
    try:
        yield
    finally:
        connection.close()
        calendars.forget()
        settings.update(before)


def name(number: int) -> str:
    """The database of this number, beside the desk's own."""
    return f"{prefix()}{number}"


def prefix() -> str:
    """What the names of all of them begin with."""
    desk = str(connection.settings_dict["NAME"])
    ending = "_scenario_"
    return desk[: LONGEST_NAME - len(ending) - 12] + ending


def numbers(owner: psycopg.Connection[Any]) -> list[int]:
    """Those that exist."""
    rows = owner.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix()]).fetchall()
    endings = [row[0].removeprefix(prefix()) for row in rows]
    return sorted(int(ending) for ending in endings if ending.isdigit())


def create(owner: psycopg.Connection[Any], number: int, template: str | None = None) -> None:
    """A new database, like PostgreSQL's own template or like this one. ScenarioError when the owner may not."""
    statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name(number)))
    if template is not None:
        statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
    try:
        owner.execute(statement)
    except psycopg.errors.InsufficientPrivilege as error:
        role = owner.info.user
        raise ScenarioError("", f"a scratch database is needed, and {role} may not create one", f"ALTER ROLE {role} CREATEDB") from error


def drop(owner: psycopg.Connection[Any], number: int) -> None:
    """Whoever is still connected is thrown out; nothing where it does not exist."""
    owner.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name(number))))


def take(owner: psycopg.Connection[Any], number: int) -> bool:
    """Whether this session now holds the number; never waits."""
    return owner.execute("SELECT pg_try_advisory_lock(%s, %s)", [AdvisoryLock.SCENARIO, number]).fetchone() == (True,)


def give_back(owner: psycopg.Connection[Any], number: int) -> None:
    """Lets go of a number."""
    owner.execute("SELECT pg_advisory_unlock(%s, %s)", [AdvisoryLock.SCENARIO, number])


def _settings(role: str) -> dict[str, Any]:
    return dict(dj_database_url.parse(addresses.database_url(role)))
