"""Every model has its page, every page answers in few queries, and none offers money for editing."""

import re
from collections.abc import Callable

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.enums import Role
from accounts.models import Account
from orders.models import Order
from quotes.models import Tick
from tests.admin.conftest import Book
from tests.admin.pages import address, pages_of, registered
from tradingdesk.kernel.admin import ReadOnlyAdmin

pytestmark = pytest.mark.django_db

OURS = ("quotes", "accounts", "orders", "risk", "settlement", "desk", "django_celery_beat")
OWN_PAGE = {Tick: "admin_ticks"}  # a composite key: the admin cannot register it
WITHOUT_PAGE = {
    "django_celery_beat.PeriodicTasks",  # one row that says when the schedule changed
    "accounts.HistoricalAccount_agents",  # part of an account's history page
    "accounts.HistoricalUser_groups",  # part of a user's
    "accounts.HistoricalUser_user_permissions",  # likewise
}
LIST_QUERIES = 16
PAGE_QUERIES = 26
FORM_FIELD = re.compile(r'<(?:input|select|textarea)[^>]*\bname="([^"]+)"')
HARMLESS = {"csrfmiddlewaretoken", "q", "s"}


def test_every_model_is_registered_or_has_a_page_of_its_own() -> None:
    without = {
        model._meta.label
        for model in apps.get_models(include_auto_created=False)
        if model._meta.app_label in OURS and model not in admin.site._registry and model not in OWN_PAGE
    }
    assert without <= WITHOUT_PAGE


def test_the_desk_of_these_tests_has_a_row_of_everything(book: Book) -> None:
    empty = {model._meta.label for model, _ in registered() if not model._default_manager.exists()}
    assert empty <= {"admin.LogEntry", "quotes.TickImport"}


def test_every_page_answers_operations_in_few_queries(book: Book, operations: Client, django_assert_max_num_queries: Callable) -> None:
    for model, _ in registered():
        for number, page in enumerate(pages_of(model)):
            with django_assert_max_num_queries(PAGE_QUERIES if number else LIST_QUERIES, info=page):
                assert operations.get(page).status_code == 200, page


def test_a_list_asks_no_more_for_many_rows_than_for_few(book: Book, operations: Client, django_assert_max_num_queries: Callable) -> None:
    for _ in range(20):
        book.desk.buy(book.account, 1, "1900.00")
    for model in (Order, Account):
        with django_assert_max_num_queries(LIST_QUERIES):
            assert operations.get(address(model, "changelist")).status_code == 200


def test_read_only_pages_have_no_fields_to_fill_in(book: Book, operations: Client) -> None:
    for model, model_admin in registered():
        row = model._default_manager.first()
        if not isinstance(model_admin, ReadOnlyAdmin) or row is None:
            continue
        html = operations.get(address(model, "change", row.pk)).content.decode()
        assert set(FORM_FIELD.findall(html)) <= HARMLESS, model._meta.label
        assert 'name="_save"' not in html


def test_an_account_page_lets_people_change_its_particulars_and_no_money_or_status(book: Book, operations: Client) -> None:
    html = operations.get(address(Account, "change", book.account.pk)).content.decode()
    assert set(FORM_FIELD.findall(html)) - HARMLESS - {"day"} == {"name", "tier", "agents", "change_reason"}  # day: which one to save as a scenario


def test_nothing_can_be_deleted(book: Book, operations: Client) -> None:
    for model, _ in registered():
        row = model._default_manager.first()
        if row is None:
            continue
        assert operations.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403, model._meta.label
        selected = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
        operations.post(address(model, "changelist"), selected)
        assert model._default_manager.filter(pk=row.pk).exists(), model._meta.label


@pytest.mark.parametrize("words", ["T-1", "'; --", "%", "\x00", "9" * 40, "ü"])
def test_searching_for_anything_answers(book: Book, operations: Client, words: str) -> None:
    for model, model_admin in registered():
        if model_admin.search_fields:
            assert operations.get(address(model, "changelist"), {"q": words}, follow=True).status_code == 200, model._meta.label


def test_every_entry_of_the_sidebar_leads_somewhere(book: Book, operations: Client) -> None:
    html = operations.get(reverse("admin:index")).content.decode()
    links = set(re.findall(r'href="(/admin/[^"]+)"', html))
    assert len(links) > 40
    for link in links - {reverse("admin:logout")}:
        assert operations.get(link).status_code in {200, 302}, link


def test_a_role_sees_in_the_sidebar_what_it_may_open(book: Book, client_of: Callable[[Role], Client]) -> None:
    html = client_of(Role.DEALER).get(reverse("admin:index")).content.decode()
    assert address(Order, "changelist") in html
    assert reverse("admin:settlement_settle") not in html


GARBAGE = ("x", "", "999999999999999999999", "2026-99-99", "'", "1,x", "\x00")


def filter_parameters(model_admin: object) -> set[str]:
    """Every query parameter that a list's filters read."""
    fields = {entry[0] if isinstance(entry, tuple) else entry for entry in model_admin.list_filter}
    return {f"{field}{ending}" for field in fields for ending in ("__exact", "__id__exact", "_from", "_to", "__isnull")} | {
        "p",
        "o",
        "_facets",
        "all",
    }


NONSENSE = (
    "account__id__exact=x",
    "p=x",
    "p=-1",
    "o=99",
    "status__exact=%00",
    "market__id__exact=99999999999999999999",
    "trading_day_from=x",
    "nonsense=1",
)


@pytest.mark.parametrize("model", [Account, Order, Tick], ids=lambda model: model.__name__)
def test_a_lookup_that_makes_no_sense_is_no_failure(book: Book, operations: Client, model: type) -> None:
    page = reverse("admin_ticks") if model is Tick else address(model, "changelist")
    for query in NONSENSE:
        assert operations.get(f"{page}?{query}").status_code in {200, 302}, query


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_filters_answer_to_garbage(book: Book, operations: Client) -> None:
    for model, model_admin in registered():
        if model_admin.list_filter:
            for value in GARBAGE:
                parameters = dict.fromkeys(filter_parameters(model_admin), value)
                for name in parameters:
                    response = operations.get(address(model, "changelist"), {name: value})
                    assert response.status_code in {200, 302, 400}, (model._meta.label, name, value)
