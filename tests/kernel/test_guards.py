"""The guards are installed, and desk_app can neither change posted rows, nor delete what is money or an order, nor pass by the transition table."""

import psycopg
import pytest
from django.db import ProgrammingError, connection, transaction

from accounts.models import Account, AccountFunds, Freeze, HouseAccount, Lot
from orders.models import Order
from settlement.models import SettlementRun
from tests.conftest import OwnDatabase
from tests.factories.desk import Desk
from tests.kernel.raw import code_of
from tradingdesk.kernel.guards import append_only_models, never_deleted_models

KEPT = [Account, AccountFunds, Freeze, HouseAccount, Lot, Order, SettlementRun]


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


def test_what_is_money_or_an_order_is_never_deleted() -> None:
    assert set(KEPT) <= set(never_deleted_models())
    assert not set(never_deleted_models()) & set(append_only_models())


@pytest.mark.django_db
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_desk_app_has_no_privilege_to_delete_them(desk: Desk, statement: str) -> None:
    desk.buy(desk.account("100000"), 1)
    assert {code_of(statement.format(model._meta.db_table)) for model in never_deleted_models()} == {"42501"}


def test_their_triggers_bind_the_owner_too(own_database: OwnDatabase) -> None:
    with psycopg.connect(own_database.owner_url, autocommit=True) as owner:
        for model in [*never_deleted_models(), *append_only_models()]:
            for statement in (f"DELETE FROM {model._meta.db_table}", f"TRUNCATE {model._meta.db_table} CASCADE"):
                with pytest.raises(psycopg.DatabaseError) as refusal:
                    owner.execute(statement)
                assert refusal.value.sqlstate == "DK001"


@pytest.mark.django_db
def test_whose_a_row_is_never_changes(desk: Desk) -> None:
    other = desk.account("1000").pk
    desk.buy(desk.account("100000"), 1)
    for model in (AccountFunds, Freeze, Lot, Order):
        assert code_of(f"UPDATE {model._meta.db_table} SET account_id = %s WHERE account_id <> %s", [other, other]) == "DK001"


@pytest.mark.django_db
def test_a_settlement_run_keeps_its_day(desk: Desk) -> None:
    run = SettlementRun.objects.create(market=desk.market, trading_day=desk.at.date(), started_at=desk.at)
    assert code_of("UPDATE settlement_settlementrun SET trading_day = trading_day + 1 WHERE id = %s", [run.pk]) == "DK001"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("day", "code"), [("now() - interval '10 years'", None), ("DATE '1969-12-31'", "DK006"), ("now() + interval '367 days'", "DK006")]
)
def test_a_tick_partition_is_made_for_a_day_that_can_be(day: str, code: str | None) -> None:
    assert code_of(f"SELECT quotes_ensure_tick_partition(({day})::date)") == code


@pytest.mark.django_db
def test_only_desk_app_may_make_partitions() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT proacl::text, proconfig FROM pg_proc WHERE proname = 'quotes_ensure_tick_partition'")
        [(acl, config)] = cursor.fetchall()
    assert {entry.split("=")[0] for entry in acl.strip("{}").split(",")} == {"desk_app", "desk_owner"}
    assert config == ["search_path=public, pg_temp"]
