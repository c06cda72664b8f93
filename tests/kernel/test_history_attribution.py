"""Who, why and on which request: on every history row, whichever way the row was written; where nobody says so, PostgreSQL's own word stands."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.enums import Role
from accounts.models import Account, RiskTier, User
from quotes.models import Market
from tests.admin.pages import as_shown
from tests.conftest import OwnDatabase
from tests.factories.desk import Desk
from tests.kernel.histories import raw_update, versions
from tradingdesk.celery import app
from tradingdesk.kernel.attribution import attributed
from tradingdesk.local import commands

Way = Callable[[RiskTier], Any]


def save(tier: RiskTier) -> None:
    tier.margin_factor = 2
    tier.save()


WAYS: dict[str, Way] = {
    "save": save,
    "update": lambda tier: RiskTier.objects.filter(pk=tier.pk).update(margin_factor=2),
    "raw UPDATE": lambda tier: raw_update(tier, {"margin_factor": 2}),
    "WITH": lambda tier: connection.cursor().execute(
        "WITH one AS (SELECT %s::bigint AS id) UPDATE accounts_risktier SET margin_factor = 2 FROM one WHERE accounts_risktier.id = one.id", [tier.pk]
    ),
}


def last(model: Any, key: int) -> tuple[str | None, str | None, str]:
    """Who, why, on which request: of the newest version."""
    told = versions(model, key)[-1]
    return (told.history_user.username if told.history_user else None, told.history_change_reason, told.request)


@pytest.mark.django_db
@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_writing_is_attributed_within_a_transaction(desk: Desk, way: str) -> None:
    with attributed(actor=desk.trader.pk, reason="Because", request_id="r-1"):
        WAYS[way](desk.tier)
    assert last(RiskTier, desk.tier.pk) == (desk.trader.username, "Because", "r-1")


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_writing_is_attributed_where_each_statement_commits_by_itself(committed_desk: Desk, way: str) -> None:
    assert connection.get_autocommit()
    with attributed(actor=committed_desk.trader.pk, reason="Because", request_id="r-1"):
        WAYS[way](committed_desk.tier)
    assert last(RiskTier, committed_desk.tier.pk) == (committed_desk.trader.username, "Because", "r-1")
    WAYS["raw UPDATE"](committed_desk.tier)  # changes nothing
    raw_update(committed_desk.tier, {"margin_factor": 3})
    assert last(RiskTier, committed_desk.tier.pk) == (None, None, "")


@pytest.mark.django_db
def test_links_are_attributed_too(desk: Desk) -> None:
    account = desk.account("0")
    with attributed(actor=desk.trader.pk, reason="Holiday cover", request_id="r-2"):
        account.agents.add(desk.trader)
    assert last(Account, account.pk) == (desk.trader.username, "Holiday cover", "r-2")


@pytest.mark.django_db
def test_what_is_said_inside_adds_to_what_was_said_outside_and_ends_with_its_block(desk: Desk) -> None:
    with transaction.atomic(), attributed(actor=desk.trader.pk, request_id="r-3"):
        with attributed(reason="Inner"):
            raw_update(desk.tier, {"margin_factor": 2})
        raw_update(desk.tier, {"margin_factor": 3})
    raw_update(desk.tier, {"margin_factor": 4})
    told = versions(RiskTier, desk.tier.pk)[-3:]
    assert [(row.history_user_id, row.history_change_reason, row.request) for row in told] == [
        (desk.trader.pk, "Inner", "r-3"),
        (desk.trader.pk, None, "r-3"),
        (None, None, ""),
    ]


@pytest.mark.django_db
def test_a_reason_of_any_length_is_kept_and_an_endless_request_id_cut(desk: Desk) -> None:
    with attributed(reason="why " * 500, request_id="r" * 500):
        raw_update(desk.tier, {"margin_factor": 2})
    assert last(RiskTier, desk.tier.pk) == (None, "why " * 500, "r" * 64)


def test_a_write_by_hand_in_psql_names_the_role_and_the_application(committed_desk: Desk, own_database: OwnDatabase) -> None:
    with psycopg.connect(own_database.url, application_name="psql", autocommit=True) as other:
        other.execute("UPDATE accounts_risktier SET margin_factor = 2")
        assert last(RiskTier, committed_desk.tier.pk) == (None, None, "")
        assert versions(RiskTier, committed_desk.tier.pk)[-1].origin == "desk_app · psql"
        other.execute("SELECT set_config('desk.actor', %s, false), set_config('desk.reason', 'By telephone', false)", [str(committed_desk.trader.pk)])
        other.execute("UPDATE accounts_risktier SET margin_factor = 3")
    assert last(RiskTier, committed_desk.tier.pk) == (committed_desk.trader.username, "By telephone", "")
    assert versions(RiskTier, committed_desk.tier.pk)[-1].origin == "desk_app · psql"


def test_an_actor_who_does_not_exist_is_refused(committed_desk: Desk, own_database: OwnDatabase) -> None:
    before = len(versions(RiskTier, committed_desk.tier.pk))
    with psycopg.connect(own_database.url, autocommit=True) as other:
        for actor, refusal in (("987654321", psycopg.errors.ForeignKeyViolation), ("somebody", psycopg.errors.InvalidTextRepresentation)):
            other.execute("SELECT set_config('desk.actor', %s, false)", [actor])
            with pytest.raises(refusal):
                other.execute("UPDATE accounts_risktier SET margin_factor = 2")
    assert len(versions(RiskTier, committed_desk.tier.pk)) == before


@pytest.fixture
def operations(desk: Desk) -> Client:
    """Somebody who may configure the desk, signed in."""
    user = User.objects.create_user("operations", password=None, is_staff=True)
    user.groups.add(Group.objects.get(name=Role.OPERATIONS))
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.django_db
def test_what_a_page_changes_is_its_reader_s_on_its_request(desk: Desk, operations: Client) -> None:
    page = reverse("admin:accounts_risktier_add")
    answer = operations.post(page, as_shown(operations, page) | {"name": "New"})
    assert answer.status_code == 302, answer.context["errors"]
    tier = RiskTier.objects.get(name="New")
    assert last(RiskTier, tier.pk)[::2] == ("operations", answer["X-Request-ID"])


@pytest.mark.django_db
def test_signing_in_and_reading_tell_history_nothing(desk: Desk, operations: Client) -> None:
    user = User.objects.get(username="operations")
    before = len(versions(User, user.pk))
    user.last_login = timezone.now()
    user.save(update_fields=["last_login"])
    assert operations.get(reverse("admin:accounts_risktier_changelist")).status_code == 200
    assert len(versions(User, user.pk)) == before


@pytest.mark.django_db
def test_a_task_s_changes_name_the_task_and_its_message(desk: Desk) -> None:
    @app.task(name="tests.switch_off")
    def switch_off(market_id: int) -> None:
        Market.objects.filter(pk=market_id).update(is_active=False)

    result = switch_off.apply(args=[desk.market.pk])
    result.get()
    assert last(Market, desk.market.pk) == (None, "tests.switch_off", result.id)


def test_a_command_s_changes_name_the_command(committed_desk: Desk) -> None:
    change = f"from accounts.models import RiskTier; RiskTier.objects.filter(pk={committed_desk.tier.pk}).update(margin_factor=2)"
    commands.execute("shell", ["manage.py", "shell", "-v0", "-c", change])
    assert last(RiskTier, committed_desk.tier.pk) == (None, "manage.py shell", "")


@pytest.mark.django_db
def test_orders_tell_history_nothing(desk: Desk) -> None:
    """Nothing of who and why costs the hot path a statement."""
    account = desk.account()
    with attributed(actor=desk.trader.pk, reason="Because", request_id="r-4"), connection.execute_wrapper(refuse_to_tell):
        assert desk.buy(account).order_id


def refuse_to_tell(execute: Any, statement: str, params: Any, many: bool, context: Any) -> Any:
    assert "desk.actor" not in statement
    return execute(statement, params, many, context)


@pytest.mark.django_db
def test_who_changed_something_cannot_be_deleted(desk: Desk) -> None:
    person = User.objects.create_user("gone", password=None)
    with attributed(actor=person.pk):
        raw_update(desk.tier, {"margin_factor": 2})
    with pytest.raises(Exception, match="protected foreign keys"):
        person.delete()
    assert last(RiskTier, desk.tier.pk)[0] == "gone"
