"""Databases for tests. The owner creates and migrates; tests run as desk_app, with the privileges the desk itself has.

`db` (pytest-django's) rolls each test back. `own_database` gives a test a database of its own, cloned from the migrated one: for services that must
really commit, for threads and for other processes. Django's flush is never used: append-only tables refuse TRUNCATE, from everybody.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import dj_database_url
import psycopg
import psycopg.errors
import pytest
from django.db import connection

from tradingdesk.kernel import clock
from tradingdesk.local import addresses

SHARED_DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
CLONE_ATTEMPTS = 25
_numbers = count(1)


def as_role(role: Any) -> None:
    """Points the default connection at the same database as another role."""
    connection.close()
    parsed = dj_database_url.parse(addresses.database_url(role))
    connection.settings_dict.update(USER=parsed["USER"], PASSWORD=parsed["PASSWORD"])


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any) -> Iterator[None]:
    """One migrated database per worker, made by the owner, used by desk_app."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    settings = connection.settings_dict
    settings["TEST"]["NAME"] = f"test_{settings['NAME']}_{worker}"
    with django_db_blocker.unblock():
        as_role("owner")
        original = settings["NAME"]
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        as_role("app")
    yield
    with django_db_blocker.unblock():
        as_role("owner")
        connection.creation.destroy_test_db(original, verbosity=0)


@dataclass(frozen=True)
class OwnDatabase:
    """Where a test's own database is, for processes it starts."""

    name: str
    url: str
    owner_url: str

    @property
    def environment(self) -> dict[str, str]:
        """Variables that make a process of the desk use this database."""
        return {"DATABASE_URL": self.url, "DATABASE_OWNER_URL": self.owner_url}


def _url_of(role: Any, name: str) -> str:
    base, _, query = addresses.database_url(role).partition("?")
    return f"{base.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")


def _as_owner(statement: str) -> None:
    # CREATE and DROP DATABASE run outside transactions, from another database, with nobody connected to the template.
    connection.close()
    for attempt in range(CLONE_ATTEMPTS):
        try:
            with psycopg.connect(_url_of("owner", "postgres"), autocommit=True) as owner:
                owner.execute(statement)
            return
        except (psycopg.errors.ObjectInUse, psycopg.errors.InsufficientPrivilege):  # autovacuum is there for a moment, and not ours to end
            if attempt == CLONE_ATTEMPTS - 1:
                raise
            time.sleep(0.2)


@contextmanager
def database_of_its_own(django_db_blocker: Any) -> Iterator[OwnDatabase]:
    """A clone of the migrated database in place of it, until the block ends."""
    settings = connection.settings_dict
    template = settings["NAME"]
    name = f"{template}_{next(_numbers)}"
    with django_db_blocker.unblock():
        _as_owner(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')  # left by a run that was killed
        _as_owner(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        settings["NAME"] = name
        try:
            yield OwnDatabase(name=name, url=_url_of("app", name), owner_url=_url_of("owner", name))
        finally:
            connection.close()
            settings["NAME"] = template
            _as_owner(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def own_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[OwnDatabase]:
    """A database of this test alone; everything in it is really committed."""
    with database_of_its_own(django_db_blocker) as database:
        yield database


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The recorded market data that lies beside the project; tests that need it skip where it is absent, and must run in CI."""
    if not SHARED_DATA.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail("The recorded market data (../shared/data) is absent under CI.")
        pytest.skip("The recorded market data (../shared/data) is not here.")
    return SHARED_DATA


@pytest.fixture
def desk(db: None) -> Iterator[Any]:
    """A small desk whose test is rolled back. Services that are called directly find themselves on the desk's first day; `desk.now()` is later."""
    from tests.factories.desk import MONDAY, make_desk

    with clock.fixed(MONDAY):
        yield make_desk()


@pytest.fixture
def committed_desk(own_database: OwnDatabase) -> Iterator[Any]:
    """A small desk in a database of its own: for threads and other processes."""
    from tests.factories.desk import MONDAY, make_desk

    with clock.fixed(MONDAY):
        yield make_desk()
