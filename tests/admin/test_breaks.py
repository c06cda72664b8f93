"""Breaks and verifications in the back office: said in words, linked to what they are about, looked at by those whose roles see them, changed by nobody."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.enums import Role
from accounts.roles import STAFF_ROLES
from settlement.models import Break, Verification
from tests.admin.conftest import Book
from tests.admin.pages import address

pytestmark = pytest.mark.django_db

READERS = {Role.OPERATIONS, Role.RISK, Role.SETTLEMENT, Role.COMPLIANCE}
ICON = "heart_broken"


def page(client: Client, url: str) -> str:
    return client.get(url).content.decode()


def test_the_list_says_in_words_what_differs(book: Book, operations: Client) -> None:
    # One of 2 lots is left, marked at 2010.25: 2010.25 × 100 × 5 % = 10,051.25
    html = page(operations, address(Break, "changelist"))
    assert "The margin is 10,061.25; the account&#x27;s open lots occupy 10,051.25." in html
    assert address(type(book.account), "change", book.account.pk) in html


def test_a_break_s_page_leads_to_what_it_is_about(book: Book, operations: Client) -> None:
    html = page(operations, address(Break, "change", Break.objects.get().pk))
    assert html.count(address(type(book.account), "change", book.account.pk)) >= 2  # what it is about, and whose
    assert address(Verification, "change", Verification.objects.get().pk) in html


def test_open_and_gone_are_told_apart(book: Book, operations: Client) -> None:
    opened, gone = (f"{address(Break, 'changelist')}?state={state}" for state in ("open", "gone"))
    assert ("10,061.25" in page(operations, opened), "10,061.25" in page(operations, gone)) == (True, False)
    book.verify()
    assert ("10,061.25" in page(operations, opened), "10,061.25" in page(operations, gone)) == (False, True)
    assert "10,061.25" in page(operations, address(Break, "changelist"))


def test_the_sidebar_counts_open_breaks_anew_for_each_page(book: Book, operations: Client) -> None:
    def beside_breaks() -> str:
        item = page(operations, reverse("admin:index")).partition(ICON)[2].partition("</li>")[0]
        return " ".join(re.sub(r"<[^>]*>", " ", item).split())

    assert beside_breaks() == "Breaks 1"
    book.verify()
    assert beside_breaks() == "Breaks"


@pytest.mark.parametrize("role", sorted(STAFF_ROLES))
def test_roles_read_and_change_nothing(book: Book, client_of: Callable[[Role], Client], role: Role) -> None:
    client = client_of(role)
    one = Break.objects.get()
    for model, row in ((Break, one), (Verification, one.first_verification)):
        urls = address(model, "changelist"), address(model, "change", row.pk)
        assert [client.get(url).status_code for url in urls] == [200 if role in READERS else 403] * 2
        for url in (*urls, address(model, "add"), address(model, "delete", row.pk)):
            assert client.post(url, {"gone_at_0": "2026-03-02", "gone_at_1": "12:00", "post": "yes"}).status_code in {403, 405}, url
    one.refresh_from_db()
    assert (one.gone_at, Break.objects.count(), Verification.objects.count()) == (None, 1, 1)
