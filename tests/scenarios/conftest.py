"""A desk's own database for all tests of scenarios in a worker, and beside it a template that is cloned from the tests' migrated database.

So a run here costs what a run costs once the template is there; how it is made is a test of its own.
"""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection
from psycopg import sql

from tests.conftest import OwnDatabase, database_of_its_own
from tradingdesk.desk.scenario import databases, scratch


@pytest.fixture(scope="package")
def scenario_desk(django_db_setup: None, django_db_blocker: Any) -> Iterator[OwnDatabase]:
    migrated = connection.settings_dict["NAME"]
    with database_of_its_own(django_db_blocker) as database, django_db_blocker.unblock():
        number = scratch.template_number()
        connection.close()
        with psycopg.connect(database.owner_url.replace(database.name, "postgres"), autocommit=True) as owner:
            owner.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(databases.name(number)), sql.Identifier(migrated)))
        yield database
        with databases.owner_session() as owner:
            databases.drop(owner, number)
