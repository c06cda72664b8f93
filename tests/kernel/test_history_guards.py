"""The triggers that write history are those that follow from the models; desk_app can neither switch them off, nor forge, change or delete what they wrote."""

import psycopg
import psycopg.errors
import pytest
from django.db import connection, transaction
from django.db.models import Model

from accounts.models import RiskTier, User
from tests.conftest import OwnDatabase
from tests.factories.desk import Desk
from tests.kernel.histories import differences, linked_then, raw_update, versions
from tests.kernel.raw import code_of
from tradingdesk.kernel import guards
from tradingdesk.kernel.history import historied_models, historied_tables, history_of
from tradingdesk.kernel.history_guards import link_arguments, links_of, row_arguments

KINDS = {"insert": 4, "delete": 8, "update": 16}  # pg_trigger.tgtype: what each fires on; all of them after, for each statement


def written_tables() -> list[str]:
    """Every table of history rows."""
    return [m._meta.db_table for m in guards.append_only_models() if getattr(m, "written_by_database", False)]


def expected_triggers() -> dict[str, tuple[str, str, int, str, list[str]]]:
    """{trigger: (table, function, kinds, enabled, arguments)}, from the models."""
    told = {}
    for model in historied_models():
        functions = {model._meta.db_table: ("desk_history", row_arguments(model))}
        functions |= {table: ("desk_history_link", link_arguments(model, owner)) for table, owner, _ in links_of(model)}
        for table, (function, arguments) in functions.items():
            told |= {f"{table}_history_{kind}": (table, function, bits, "O", arguments) for kind, bits in KINDS.items()}
    return told


def installed_triggers() -> dict[str, tuple[str, str, int, str, list[str]]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.tgname, t.tgrelid::regclass::text, p.proname, t.tgtype, t.tgenabled, t.tgargs FROM pg_trigger t "
            "JOIN pg_proc p ON p.oid = t.tgfoid WHERE p.proname IN ('desk_history', 'desk_history_link')"
        )
        return {
            name: (table, function, kinds, enabled, bytes(arguments).decode().split("\0")[:-1])
            for name, table, function, kinds, enabled, arguments in cursor
        }


@pytest.mark.django_db
def test_the_triggers_are_those_of_the_models() -> None:
    assert installed_triggers() == expected_triggers()


@pytest.mark.django_db
def test_a_history_table_has_every_column_of_its_own_table_that_is_not_left_out(model_columns: dict[str, tuple[set[str], set[str]]]) -> None:
    assert {table: left_out for table, (left_out, _) in model_columns.items() if left_out} == {
        "accounts_user": {"last_login", "password"},
        "django_celery_beat_periodictask": {"last_run_at", "total_run_count", "date_changed"},
        "quotes_market": {"priced_through", "script_time"},
    }


@pytest.fixture
def model_columns() -> dict[str, tuple[set[str], set[str]]]:
    """{table: (columns without history, columns with)}, as PostgreSQL has them."""

    def columns(model: type[Model]) -> set[str]:
        with connection.cursor() as cursor:
            return {column.name for column in connection.introspection.get_table_description(cursor, model._meta.db_table)}

    pairs = {m._meta.db_table: (columns(m), columns(history_of(m))) for m in historied_models()}
    return {table: (live - kept, live & kept) for table, (live, kept) in pairs.items()}


@pytest.mark.django_db
def test_desk_app_cannot_switch_history_off(desk: Desk) -> None:
    for table in historied_tables():
        for statement in (
            f"ALTER TABLE {table} DISABLE TRIGGER {table}_history_update",
            f"ALTER TABLE {table} DISABLE TRIGGER USER",
            f"DROP TRIGGER {table}_history_update ON {table}",
        ):
            assert code_of(statement) == "42501", statement
        assert code_of(f"TRUNCATE {table} CASCADE") == "42501"
    for statement in (
        "SET session_replication_role = replica",
        "DROP FUNCTION desk_history() CASCADE",
        "CREATE OR REPLACE FUNCTION desk_history() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
    ):
        assert code_of(statement) == "42501", statement


@pytest.mark.django_db
def test_desk_app_cannot_write_history_itself(desk: Desk) -> None:
    for table in written_tables():
        for statement in (
            f"INSERT INTO {table} SELECT * FROM {table} LIMIT 1",
            f"UPDATE {table} SET id = id",
            f"DELETE FROM {table}",
            f"TRUNCATE {table}",
        ):
            assert code_of(statement) == "42501", statement


@pytest.mark.django_db
def test_desk_app_cannot_hang_the_functions_on_a_table_of_its_own(desk: Desk) -> None:
    """They write with the owner's rights: whoever could hang them elsewhere could write any history."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE accounts_risktier (LIKE public.accounts_risktier)")
        for function in ("desk_history('accounts_historicalrisktier', 'id', '')", "desk_history_link()"):
            trigger = "CREATE TRIGGER forged AFTER INSERT ON pg_temp.accounts_risktier REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT"
            assert code_of(f"{trigger} EXECUTE FUNCTION {function}") == "42501"
    assert code_of("SELECT desk_history_catch_up('accounts_risktier', 'accounts_historicalrisktier', 'id', '{}')") == "42501"


@pytest.mark.django_db
def test_history_is_written_to_the_desk_s_tables_whatever_the_session_has_put_before_them(desk: Desk) -> None:
    before = len(versions(RiskTier, desk.tier.pk))
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE accounts_historicalrisktier (LIKE public.accounts_historicalrisktier)")
        cursor.execute("UPDATE public.accounts_risktier SET margin_factor = 2")
        cursor.execute("SELECT count(*) FROM pg_temp.accounts_historicalrisktier")
        assert cursor.fetchone() == (0,)
        cursor.execute("DROP TABLE pg_temp.accounts_historicalrisktier")
    assert len(versions(RiskTier, desk.tier.pk)) == before + 1


@pytest.mark.django_db
def test_a_row_keeps_the_key_its_history_is_found_by(desk: Desk) -> None:
    for model in historied_models():
        if model._default_manager.exists():
            table = model._meta.db_table
            assert code_of(f"UPDATE {table} SET id = id + 1000000 WHERE id = (SELECT max(id) FROM {table})") == "DK001", table


def test_the_owner_cannot_empty_a_table_with_a_history_nor_change_history(own_database: OwnDatabase) -> None:
    with psycopg.connect(own_database.owner_url, autocommit=True) as owner:
        for table in historied_tables():
            with pytest.raises(psycopg.DatabaseError) as refusal:
                owner.execute(f"TRUNCATE {table} CASCADE")
            assert refusal.value.sqlstate == "DK001"
        for table in written_tables():
            with pytest.raises(psycopg.DatabaseError) as refusal:
                owner.execute(f"UPDATE {table} SET id = id")
            assert refusal.value.sqlstate == "DK001"


def test_after_a_migrate_what_changed_unwatched_is_told(committed_desk: Desk, own_database: OwnDatabase) -> None:
    # Given rows that a migration changed, made and deleted while no trigger watched, and one that nobody touched
    desk = committed_desk
    gone = RiskTier.objects.create(name="Gone")
    kept = RiskTier.objects.create(name="Kept")
    with psycopg.connect(own_database.owner_url) as owner:
        owner.execute("ALTER TABLE accounts_risktier DISABLE TRIGGER USER; ALTER TABLE accounts_user_groups DISABLE TRIGGER USER")
        owner.execute("UPDATE accounts_risktier SET margin_factor = 2 WHERE id = %s", [desk.tier.pk])
        owner.execute("DELETE FROM accounts_risktier WHERE id = %s", [gone.pk])
        names = ", ".join(f.column for f in RiskTier._meta.concrete_fields if f.name not in {"id", "name"})
        owner.execute(f"INSERT INTO accounts_risktier (name, {names}) SELECT 'New', {names} FROM accounts_risktier WHERE id = %s", [kept.pk])
        owner.execute("DELETE FROM accounts_user_groups WHERE user_id = %s", [desk.trader.pk])
        owner.execute("SET CONSTRAINTS ALL IMMEDIATE")
        owner.execute("ALTER TABLE accounts_risktier ENABLE TRIGGER USER; ALTER TABLE accounts_user_groups ENABLE TRIGGER USER")
    assert differences(desk.tier)
    # When the guards are installed, twice
    with psycopg.connect(own_database.owner_url) as owner:
        for statement in [*guards.guard_statements(), *guards.guard_statements()]:
            owner.execute(statement)
    # Then each of them has one row more, which says so, and nobody else has
    new = RiskTier.objects.get(name="New")
    told = {key: "".join(v.history_type for v in versions(RiskTier, key)) for key in (desk.tier.pk, gone.pk, new.pk, kept.pk)}
    assert told == {desk.tier.pk: "+~", gone.pk: "+-", new.pk: "+", kept.pk: "+"}
    assert differences(desk.tier) == differences(new) == differences(kept) == differences(desk.trader) == {}
    assert linked_then(versions(User, desk.trader.pk)[-1], User._meta.get_field("groups")) == set()
    last = versions(RiskTier, desk.tier.pk)[-1]
    assert (last.history_change_reason, last.history_role) == ("Found at migrate: changed while no history was kept", "desk_owner")


def test_between_two_steps_of_a_migration_history_goes_on(committed_desk: Desk, own_database: OwnDatabase) -> None:
    """A column that is new, or gone, on the table or on its history alone, does not stop a write."""
    tier = committed_desk.tier
    with psycopg.connect(own_database.owner_url, autocommit=True) as owner:
        owner.execute("ALTER TABLE accounts_risktier ADD COLUMN extra integer NOT NULL DEFAULT 5")
        raw_update(tier, {"margin_factor": 2})
        owner.execute("ALTER TABLE accounts_historicalrisktier ADD COLUMN extra integer NOT NULL DEFAULT 0")
        raw_update(tier, {"margin_factor": 3})
        [[extra]] = owner.execute("SELECT extra FROM accounts_historicalrisktier ORDER BY history_id DESC LIMIT 1").fetchall()
        owner.execute("ALTER TABLE accounts_risktier DROP COLUMN extra")
        raw_update(tier, {"margin_factor": 4})
    assert extra == 5
    assert [version.margin_factor for version in versions(RiskTier, tier.pk)] == [1, 2, 3, 4]


def history_rows_read() -> int:
    """Rows of the tiers' history that this connection has read."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'accounts_historicalrisktier'")
        [(rows,)] = cursor.fetchall()
    return int(rows)


def test_a_thousand_rows_read_no_more_of_history_than_their_own(committed_desk: Desk, own_database: OwnDatabase) -> None:
    # Given statistics that know one row with many versions, and no other
    for factor in range(2, 502):
        raw_update(committed_desk.tier, {"margin_factor": factor})
    with psycopg.connect(own_database.owner_url, autocommit=True) as owner:
        owner.execute("ANALYZE accounts_risktier, accounts_historicalrisktier")
    # When a thousand rows are made and changed
    with transaction.atomic():
        before = history_rows_read()
        RiskTier.objects.bulk_create(RiskTier(name=f"Tier {number}") for number in range(1000))
        RiskTier.objects.filter(name__startswith="Tier").update(margin_factor=2)
        rows = history_rows_read() - before
    # Then each looked for its own versions alone: none when it was made, one when it was changed
    assert rows <= 1000
