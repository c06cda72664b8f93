"""Who may open and change what: the roles' table, walked over every page of the admin."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse
from django_celery_beat.models import PeriodicTask

from accounts import roles
from accounts.enums import Role
from accounts.models import Account, RiskTier, User
from orders.models import Order
from quotes.models import Listing, Market
from settlement.models import SettlementRun
from tests.admin.conftest import Book
from tests.admin.pages import address, pages_of, registered
from tradingdesk.kernel.admin import ChangesAdmin

pytestmark = pytest.mark.django_db

ClientOf = Callable[[Role], Client]


def tracked(model: type, model_admin: object) -> type:
    """The model whose permission opens the page: for a list of changes, the configuration that changed."""
    return model.instance_type if isinstance(model_admin, ChangesAdmin) else model


@pytest.mark.parametrize("role", sorted(roles.STAFF_ROLES))
def test_each_role_opens_what_its_table_grants_and_nothing_else(book: Book, client_of: ClientOf, role: Role) -> None:
    client = client_of(role)
    granted = roles.GRANTS[role].permissions()
    for model, model_admin in registered():
        meta = tracked(model, model_admin)._meta
        allowed = f"{meta.app_label}.view_{meta.model_name}" in granted
        expected = 200 if allowed else 403
        assert client.get(address(model, "changelist")).status_code == expected, (role, model._meta.label)


def test_compliance_opens_every_page(book: Book, client_of: ClientOf) -> None:
    client = client_of(Role.COMPLIANCE)
    for model, _ in registered():
        for page in pages_of(model):
            assert client.get(page).status_code == 200, page
    assert client.get(reverse("admin_ticks")).status_code == 200


def test_compliance_changes_nothing_anywhere(book: Book, client_of: ClientOf) -> None:
    client = client_of(Role.COMPLIANCE)
    for model, _ in registered():
        row = model._default_manager.first()
        count = model._default_manager.count()
        assert client.post(address(model, "add"), {}).status_code in {403, 405}, model._meta.label
        if row is not None:
            assert client.post(address(model, "change", row.pk), {"name": "x"}).status_code in {403, 405}, model._meta.label
            assert client.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403, model._meta.label
            for action in ("enable_tasks", "disable_tasks", "run_tasks", "delete_selected"):
                client.post(address(model, "changelist"), {"action": action, "_selected_action": [row.pk]})
        assert model._default_manager.count() == count, model._meta.label
    assert client.post(reverse("admin:settlement_settle"), {"market": book.desk.market.pk, "trading_day": "2026-03-03"}).status_code == 403
    assert SettlementRun.objects.count() == 1


def test_switching_jobs_off_is_not_for_those_who_only_look(book: Book, client_of: ClientOf) -> None:
    job = PeriodicTask.objects.get(name="A job")
    chosen = {"action": "disable_tasks", "_selected_action": [job.pk]}
    client_of(Role.COMPLIANCE).post(address(PeriodicTask, "changelist"), chosen)
    job.refresh_from_db()
    assert job.enabled
    client_of(Role.OPERATIONS).post(address(PeriodicTask, "changelist"), chosen)
    job.refresh_from_db()
    assert not job.enabled
    assert (job.history.first().enabled, job.history.first().history_user.username) == (False, "one-operations")


@pytest.mark.parametrize("role", [Role.TRADER, Role.AGENT])
def test_traders_and_agents_stay_outside(book: Book, client_of: ClientOf, role: Role) -> None:
    client = client_of(role)
    for page in (reverse("admin:index"), address(Order, "changelist"), reverse("admin_ticks"), reverse("admin:settlement_settle")):
        response = client.get(page)
        assert (response.status_code, response.url.split("?")[0]) == (302, reverse("admin:login"))


def test_nobody_signed_in_sees_nothing(book: Book) -> None:
    for model, _ in registered():
        assert Client().get(address(model, "changelist")).status_code == 302


@pytest.mark.parametrize(
    ("role", "model", "may"),
    [
        (Role.OPERATIONS, Market, True),
        (Role.OPERATIONS, RiskTier, True),
        (Role.DEALER, Listing, True),
        (Role.DEALER, RiskTier, False),
        (Role.RISK, RiskTier, True),
        (Role.RISK, Account, False),
        (Role.SETTLEMENT, Market, False),
        (Role.TRAINER, Market, False),
    ],
)
def test_who_edits_configuration(book: Book, client_of: ClientOf, role: Role, model: type, may: bool) -> None:
    html = client_of(role).get(address(model, "change", model.objects.first().pk)).content.decode()
    assert ('name="_save"' in html) is may


def test_the_groups_hold_exactly_what_the_table_says(db: None) -> None:
    for role, grant in roles.GRANTS.items():
        held = Permission.objects.filter(group__name=role.value).values_list("content_type__app_label", "codename")
        assert {f"{app}.{codename}" for app, codename in held} == grant.permissions(), role
    assert set(roles.GRANTS) == set(Role)


def test_installing_roles_again_mends_what_was_changed_by_hand(db: None) -> None:
    group = Group.objects.get(name=Role.COMPLIANCE)
    group.permissions.add(Permission.objects.get(codename="change_account"))
    group.permissions.remove(Permission.objects.get(codename="view_order"))
    roles.install()
    roles.install()
    test_the_groups_hold_exactly_what_the_table_says(None)
    assert Group.objects.filter(name__in=Role.values).count() == len(Role)


def test_compliance_views_everything_that_anybody_views() -> None:
    every = {name for grant in roles.GRANTS.values() for name in grant.permissions() if ".view_" in name}
    assert roles.GRANTS[Role.COMPLIANCE].permissions() == every


def test_nobody_may_change_money_orders_or_logs() -> None:
    facts = (*roles.MONEY, *roles.ORDERS, *roles.SETTLEMENT, *roles.PRICES)
    for grant in roles.GRANTS.values():
        assert not set(grant.edits).intersection(facts)
        assert not any(".delete_" in name for name in grant.permissions())


def test_people_get_into_the_admin_by_their_roles(book: Book, operations: Client) -> None:
    person = User.objects.create_user("somebody")
    form = {"username": "somebody", "first_name": "", "last_name": "", "email": "", "is_active": "on"}
    risk, trader = Group.objects.get(name=Role.RISK), Group.objects.get(name=Role.TRADER)
    assert operations.post(address(User, "change", person.pk), {**form, "groups": [risk.pk]}).status_code == 302
    person.refresh_from_db()
    assert (person.is_staff, [g.name for g in person.groups.all()]) == (True, ["risk"])
    given = person.history.filter(historicaluser_groups__group=risk).last()
    assert given.history_user.username == "one-operations"
    assert operations.post(address(User, "change", person.pk), {**form, "groups": [trader.pk]}).status_code == 302
    person.refresh_from_db()
    assert person.is_staff is False


def test_nobody_gives_themselves_a_role_or_touches_a_superuser(book: Book, operations: Client) -> None:
    me = User.objects.get(username="one-operations")
    everything = list(Group.objects.values_list("pk", flat=True))
    form = {"username": me.username, "first_name": "New", "last_name": "", "email": "", "is_active": "on", "groups": everything, "is_superuser": "on"}
    operations.post(address(User, "change", me.pk), form)
    me.refresh_from_db()
    assert (me.first_name, me.is_superuser, [g.name for g in me.groups.all()]) == ("New", False, ["operations"])
    root = User.objects.create_superuser("root", password="a password nobody knows")
    assert operations.post(address(User, "change", root.pk), {"username": "mine"}).status_code == 403
    password = {"password1": "something else 99", "password2": "something else 99", "usable_password": "true"}
    assert operations.post(reverse("admin:auth_user_password_change", args=[root.pk]), password).status_code == 403
    root.refresh_from_db()
    assert root.username == "root"
    assert root.check_password("a password nobody knows")
