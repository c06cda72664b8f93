"""Every row that people configure equals its own last history row: after seeding, services, admin saves, and saves that cross (DESIGN §10)."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.db.models import Model
from django.test import Client, RequestFactory

from accounts.models import Account, RiskTier, User
from accounts.services.standing import change_standing
from quotes.models import Holiday, Listing, Market, SessionCalendar
from settlement.services.run import settle
from tests.factories.desk import Desk
from tests.factories.jobs import make_jobs
from tests.kernel.histories import CHANGE, differences, row_of
from tradingdesk.kernel.admin import HistoriedAdmin
from tradingdesk.kernel.attribution import attributed
from tradingdesk.kernel.history import historied_models

pytestmark = pytest.mark.django_db
HISTORIED = historied_models()


@pytest.fixture
def seeded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """The demo desk, with a holiday so that no historied table is empty."""
    monkeypatch.setenv("DESK_VAR", str(tmp_path))
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    call_command("seed_demo", verbosity=0)
    make_jobs()
    Holiday.objects.create(calendar=SessionCalendar.objects.first(), day=date(2026, 12, 25), name="Christmas")


def all_differences() -> dict[str, dict[str, tuple[Any, Any]]]:
    return {f"{m._meta.label} {row}": found for m in HISTORIED for row in m._default_manager.all() if (found := differences(row))}


def test_the_seeded_desk_has_a_row_and_a_history_of_each(seeded: None) -> None:
    assert [m._meta.label for m in HISTORIED if not m._default_manager.exists()] == []
    assert all_differences() == {}


def test_services_leave_history_equal_to_the_rows(seeded: None) -> None:
    account = Account.objects.get(number="D-1001")
    change_standing(account.pk, "SUSPEND", reason="Calls not answered")
    change_standing(account.pk, "REACTIVATE", reason="Answered")
    settle(Market.objects.get(code="DEMO").pk)
    account.agents.add(User.objects.get(username="agent"))
    Client().force_login(account.owner)
    call_command("seed_demo", verbosity=0)
    assert all_differences() == {}


def save_as_admin(row: Model, changed: list[str], user: User) -> None:
    """As the admin's form does: the row as it was loaded, with the changed fields set."""
    request = RequestFactory().post("/")
    request.user = user
    page = admin.site._registry[type(row)]
    assert isinstance(page, HistoriedAdmin)
    with attributed(actor=user.pk):
        page.save_model(request, row, SimpleNamespace(changed_data=changed), change=True)


@pytest.mark.parametrize("model", HISTORIED, ids=lambda m: m._meta.label)
def test_a_save_in_the_admin_is_the_last_history_row(desk: Desk, model: type[Model]) -> None:
    row = row_of(model, desk)
    count = row.history.count()
    for name, value in CHANGE[model].items():
        setattr(row, name, value)
    save_as_admin(row, list(CHANGE[model]), desk.trader)
    assert (row.history.count(), row.history.first().history_user) == (count + 1, desk.trader)
    assert differences(row) == {}


@pytest.mark.parametrize("model", [Account, Listing, RiskTier], ids=lambda m: m._meta.label)
def test_two_saves_that_cross_leave_a_history_that_is_true(desk: Desk, model: type[Model]) -> None:
    # Given a form that was loaded before somebody else changed another field of the row
    other = {Account: "status", Listing: "is_active", RiskTier: "max_order_quantity"}[model]
    value = {Account: "SUSPENDED", Listing: False, RiskTier: Decimal(7)}[model]
    mine = {Account: "name", Listing: "max_quote_age_seconds", RiskTier: "name"}[model]
    stale = row_of(model, desk)
    fresh = model._default_manager.get(pk=stale.pk)
    setattr(fresh, other, value)
    fresh.save()
    # When the form is saved
    setattr(stale, mine, 77)
    save_as_admin(stale, [mine], desk.trader)
    # Then neither change is lost, and the history tells both
    assert getattr(model._default_manager.get(pk=stale.pk), other) == value
    assert differences(stale) == {}
