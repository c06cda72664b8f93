"""A run's scratch database: cloned from the template, told to nobody, dropped whatever happens."""

import os
import subprocess
import sys

import psycopg
import pytest
from django.conf import settings
from django.db import IntegrityError, connection

from accounts.models import User
from quotes.models import Market
from tests.conftest import OwnDatabase
from tradingdesk.desk.scenario import databases, scratch
from tradingdesk.desk.scenario.errors import ScenarioError

ABANDONED, IN_USE, OUTDATED = 4711, 4712, scratch.TEMPLATES + 1


def existing() -> list[int]:
    with databases.owner_session() as owner:
        return databases.numbers(owner)


def where() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_database()")
        return cursor.fetchone()


def test_a_scratch_database_is_migrated_empty_and_used_as_desk_app(scenario_desk: OwnDatabase) -> None:
    with scratch.scratch_database():
        user, database = where()
        assert (user, User.objects.count(), Market.objects.count()) == ("desk_app", 0, 0)
        assert database.startswith(f"{scenario_desk.name}_scenario_")
    assert where() == ("desk_app", scenario_desk.name)


def test_nothing_but_the_template_is_left_also_when_a_run_fails(scenario_desk: OwnDatabase) -> None:
    with pytest.raises(IntegrityError), scratch.scratch_database():
        User.objects.bulk_create([User(username="twice"), User(username="twice")])
    assert existing() == [scratch.template_number()]
    assert not User.objects.filter(username="twice").exists()


def test_what_killed_runs_left_is_dropped_by_the_next_and_what_lives_is_left_alone(scenario_desk: OwnDatabase) -> None:
    with databases.owner_session() as somebody:
        databases.create(somebody, ABANDONED)
        databases.create(somebody, IN_USE)
        assert databases.take(somebody, IN_USE)
        with scratch.scratch_database():
            assert ABANDONED not in existing()
        assert existing() == [IN_USE, scratch.template_number()]
    with scratch.scratch_database():
        assert IN_USE not in existing()


@pytest.mark.timeout(300)  # it migrates a database
def test_nobody_can_connect_to_the_template_once_it_is_made_and_it_replaces_older_ones(own_database: OwnDatabase) -> None:
    with databases.owner_session() as owner:
        databases.create(owner, OUTDATED)
        try:
            with scratch.scratch_database():
                User.objects.create_user("somebody")
            with scratch.scratch_database():
                assert not User.objects.exists()
            template = scratch.template_number()
            assert databases.numbers(owner) == [template]
            with pytest.raises(psycopg.OperationalError, match="not currently accepting connections"), psycopg.connect(_url(own_database, template)):
                pass
        finally:
            databases.drop(owner, scratch.template_number())


def _url(database: OwnDatabase, number: int) -> str:
    return database.owner_url.replace(f"/{database.name}", f"/{databases.name(number)}")


def test_the_template_is_another_one_when_a_migration_or_a_guard_changes() -> None:
    numbers = {scratch.number_of(texts) for texts in (["migration", "guard"], ["migration 2", "guard"], ["migration", "guard 2"], ["migration"])}
    assert len(numbers) == 4
    assert all(number >= scratch.TEMPLATES for number in numbers)


@pytest.mark.parametrize("seed", ["1", "2"])
def test_the_template_has_the_same_number_in_every_process(seed: str) -> None:
    program = "import django; django.setup(); from tradingdesk.desk.scenario import scratch; print(scratch.template_number())"
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tradingdesk.settings", "PYTHONHASHSEED": seed}
    told = subprocess.run([sys.executable, "-c", program], cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=True).stdout
    assert int(told) == scratch.template_number()


def test_an_owner_without_the_right_to_create_databases_is_told_what_to_do(scenario_desk: OwnDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_OWNER_URL", scenario_desk.url)
    with pytest.raises(ScenarioError) as refused, scratch.scratch_database():
        pass
    assert str(refused.value) == "a scratch database is needed, and desk_app may not create one; expected ALTER ROLE desk_app CREATEDB"


def test_an_owner_that_cannot_be_reached_is_said_in_one_line(scenario_desk: OwnDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_OWNER_URL", "postgresql://nobody:secret@127.0.0.1:1/none")
    with pytest.raises(ScenarioError) as refused, scratch.scratch_database():
        pass
    assert str(refused.value).startswith("PostgreSQL cannot be reached as the databases' owner (")
    assert "secret" not in str(refused.value)


def test_names_stay_within_what_postgresql_allows(scenario_desk: OwnDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "NAME", "x" * 63)
    assert len(databases.name(2 * scratch.TEMPLATES)) <= databases.LONGEST_NAME
