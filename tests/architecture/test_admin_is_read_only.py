"""Money, orders and logs are looked at in the admin, by nobody changed: not even by a superuser."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django.test import RequestFactory

from accounts import roles
from accounts.models import User
from tests.architecture.source import PACKAGES
from tradingdesk.kernel.admin import HistoriedAdmin, ReadOnlyAdmin
from tradingdesk.kernel.guards import append_only_models
from tradingdesk.kernel.history import historied_models

OURS = [model for model in apps.get_models() if model.__module__.split(".")[0] in PACKAGES]
MONEY = {
    "accounts.accountfunds",
    "accounts.freeze",
    "accounts.lot",
    "accounts.houseaccount",
    "orders.order",
    "settlement.settlementrun",
    "quotes.latestquote",
}
NEVER_CHANGED = sorted({*append_only_models(), *(m for m in OURS if m._meta.label_lower in MONEY)}, key=lambda m: m._meta.label)


def test_the_lists_name_models_that_exist() -> None:
    assert {m._meta.label_lower for m in OURS} >= MONEY
    assert {*roles.MONEY, *roles.ORDERS} <= {m._meta.label_lower for m in NEVER_CHANGED} | {"accounts.account"}


@pytest.mark.parametrize("model", [m for m in NEVER_CHANGED if m in admin.site._registry], ids=lambda m: m._meta.label)
def test_nobody_adds_changes_or_deletes_what_has_happened(model: type[Model]) -> None:
    page = admin.site._registry[model]
    request = RequestFactory().get("/")
    request.user = User(username="root", is_superuser=True, is_staff=True)
    assert isinstance(page, ReadOnlyAdmin)
    assert page.has_view_permission(request)
    assert not page.has_add_permission(request)
    assert not page.has_change_permission(request)
    assert not page.has_delete_permission(request)
    assert page.get_actions(request) == {}
    assert page.get_inline_instances(request) == [] or all(
        not inline.has_add_permission(request, None) and not inline.has_change_permission(request) and not inline.has_delete_permission(request)
        for inline in page.get_inline_instances(request)
    )


def test_no_page_of_the_desk_deletes_anything() -> None:
    request = RequestFactory().get("/")
    request.user = User(username="root", is_superuser=True, is_staff=True)
    assert [m._meta.label for m, page in admin.site._registry.items() if m in OURS and page.has_delete_permission(request)] == []


def test_what_people_configure_has_a_history_and_what_has_happened_has_none() -> None:
    historied = set(historied_models())
    assert not historied & set(NEVER_CHANGED)
    edited = {m for m, page in admin.site._registry.items() if m in OURS and not isinstance(page, ReadOnlyAdmin)}
    assert edited == {m for m in edited if m in historied and isinstance(admin.site._registry[m], HistoriedAdmin)}
