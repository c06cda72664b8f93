"""Every row that people configure equals its own last history row: after seeding, services, admin saves, and saves that cross (DESIGN §10)."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.db.models import BooleanField, DecimalField, Model
from django.test import Client, RequestFactory

from accounts.models import Account, RiskTier, User
from accounts.services.standing import change_standing
from quotes.models import Holiday, Listing, Market, SessionCalendar
from settlement.services.run import settle
from tests.factories.jobs import make_jobs
from tests.kernel.histories import differences
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


def changed_field(row: Model) -> str:
    """Changes one field of the row in memory, any that people may edit and no constraint forbids; its name."""
    for f in row._meta.concrete_fields:
        if f.name in {"name", "code", "first_name"}:
            setattr(row, f.name, "CHANGED")
            return f.name
    for f in row._meta.concrete_fields:
        if isinstance(f, BooleanField):
            setattr(row, f.name, not getattr(row, f.name))
            return f.name
        if isinstance(f, DecimalField):
            setattr(row, f.name, (getattr(row, f.name) or 0) + Decimal("0.01"))
            return f.name
    field = next(f for f in row._meta.concrete_fields if f.get_internal_type() == "TimeField")
    setattr(row, field.name, getattr(row, field.name).replace(minute=59))
    return field.name


def save_as_admin(row: Model, changed: list[str], user: User) -> None:
    """As the admin's form does: the row as it was loaded, with the changed fields set."""
    request = RequestFactory().post("/")
    request.user = user
    page = admin.site._registry[type(row)]
    assert isinstance(page, HistoriedAdmin)
    with attributed(actor=user.pk):
        page.save_model(request, row, SimpleNamespace(changed_data=changed), change=True)


@pytest.mark.parametrize("model", HISTORIED, ids=lambda m: m._meta.label)
def test_a_save_in_the_admin_is_the_last_history_row(seeded: None, model: type[Model]) -> None:
    row = model._default_manager.order_by("pk").first()
    assert row is not None
    count = row.history.count()  # type: ignore[attr-defined]
    user = User.objects.get(username="operations")
    save_as_admin(row, [changed_field(row)], user)
    assert (row.history.count(), row.history.first().history_user) == (count + 1, user)  # type: ignore[attr-defined]
    assert differences(row) == {}


@pytest.mark.parametrize("model", [Account, Listing, RiskTier], ids=lambda m: m._meta.label)
def test_two_saves_that_cross_leave_a_history_that_is_true(seeded: None, model: type[Model]) -> None:
    # Given a form that was loaded before somebody else changed another field of the row
    user = User.objects.get(username="operations")
    other = {Account: "status", Listing: "is_active", RiskTier: "max_order_quantity"}[model]
    value = {Account: "SUSPENDED", Listing: False, RiskTier: Decimal(7)}[model]
    mine = {Account: "name", Listing: "max_quote_age_seconds", RiskTier: "name"}[model]
    stale, fresh = (model._default_manager.order_by("pk").first() for _ in range(2))
    setattr(fresh, other, value)
    fresh.save()
    # When the form is saved
    setattr(stale, mine, 77)
    save_as_admin(stale, [mine], user)
    # Then neither change is lost, and the history tells both
    assert getattr(model._default_manager.get(pk=stale.pk), other) == value
    assert differences(stale) == {}
