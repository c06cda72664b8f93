"""A scratch database for one run: cloned from a migrated template, dropped afterwards. What killed runs left is dropped by the next.

The template is made once and made anew when migrations or guards change: its number is a hash of them. Nobody can connect to it, so it can be cloned at
any time.
"""

import hashlib
import inspect
import secrets
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.core.management import call_command
from django.db.migrations.loader import MigrationLoader
from psycopg import sql

from tradingdesk.desk.scenario import databases
from tradingdesk.desk.scenario.errors import ScenarioError
from tradingdesk.kernel import dispatch, guards
from tradingdesk.kernel.locks import AdvisoryLock

TEMPLATES = 2**30  # numbers from here on are templates, those below are scratch databases
BUILDING = 0  # held by whoever makes a template


@contextmanager
def scratch_database() -> Iterator[None]:
    """Within the block Django's connection leads to a migrated, empty database of its own, as desk_app; nothing that happens there is told to anyone.

    Raises ScenarioError when the owner cannot be reached or may not create databases. Never inside a transaction.
    """
    with databases.owner_session() as owner:
        number = _free_number(owner)
        try:
            _clone(owner, number)
            with databases.connected_to(databases.name(number), "app"), dispatch.muted():
                yield
        except BaseException as error:
            # A connection that was being made when the run was interrupted hangs on in the frames of the error, and dropping would wait until it gives up.
            traceback.clear_frames(error.__traceback__)
            raise
        finally:
            databases.drop(owner, number)


def _clone(owner: psycopg.Connection[Any], number: int) -> None:
    try:
        template = _template(owner)
        _drop_leftovers(owner)
        databases.create(owner, number, databases.name(template))
    except psycopg.Error as error:
        raise ScenarioError("", f"the scratch database could not be made ({str(error).splitlines()[0]})") from error


def _free_number(owner: psycopg.Connection[Any]) -> int:
    while True:
        number = secrets.randbelow(TEMPLATES - 1) + 1
        if databases.take(owner, number):
            return number


def _drop_leftovers(owner: psycopg.Connection[Any]) -> None:
    for number in databases.numbers(owner):
        if 0 < number < TEMPLATES and databases.take(owner, number):
            databases.drop(owner, number)
            databases.give_back(owner, number)


def _template(owner: psycopg.Connection[Any]) -> int:
    number = template_number()
    if number in databases.numbers(owner):
        return number
    owner.execute("SELECT pg_advisory_lock(%s, %s)", [AdvisoryLock.SCENARIO, BUILDING])
    try:
        if number not in databases.numbers(owner):
            _build(owner, number)
    finally:
        databases.give_back(owner, BUILDING)
    return number


def _build(owner: psycopg.Connection[Any], number: int) -> None:
    # Whole or not there at all: it is made under a number of its own, closed, and renamed.
    unfinished = _free_number(owner)
    name = sql.Identifier(databases.name(unfinished))
    try:
        databases.create(owner, unfinished)
        with databases.connected_to(databases.name(unfinished), "owner"):
            call_command("migrate", interactive=False, verbosity=0)
        for old in [found for found in databases.numbers(owner) if found >= TEMPLATES]:
            databases.drop(owner, old)
        owner.execute(sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false").format(name))
        owner.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(name, sql.Identifier(databases.name(number))))
    finally:
        databases.drop(owner, unfinished)
        databases.give_back(owner, unfinished)


def template_number() -> int:
    """Stands for every migration of every app, with its text, and for every guard and grant."""
    migrations = MigrationLoader(None).disk_migrations
    texts = (f"{app}/{name}/{_text(migration)}" for (app, name), migration in sorted(migrations.items()))
    return number_of([*texts, *sorted(guards.guard_statements()), *sorted(guards.grant_statements())])


def number_of(texts: Iterable[str]) -> int:
    """A template's number: another one for other texts."""
    digest = hashlib.sha256("\0".join(texts).encode()).digest()
    return TEMPLATES + int.from_bytes(digest[:4], "big") % TEMPLATES


def _text(migration: Any) -> str:
    return inspect.getsource(sys.modules[type(migration).__module__])
