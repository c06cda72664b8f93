"""Signing in, each role's way home, and the desk's own error pages."""

import pytest
from django.test import Client

from accounts.models import User
from tests.pages.conftest import Trader

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


def test_signs_in_and_goes_where_the_visitor_was_going(client: Client) -> None:
    User.objects.create_user("kim", password="a long password")
    answer = client.post("/sign-in/", {"username": "kim", "password": "a long password", "next": "/trade/"})
    assert (answer.status_code, answer.url) == (302, "/trade/")


def test_a_wrong_password_says_so_and_leaks_nothing(client: Client) -> None:
    User.objects.create_user("kim", password="a long password")
    answers = [client.post("/sign-in/", {"username": name, "password": "wrong"}).content for name in ("kim", "nobody")]
    assert all(b"do not belong together" in answer for answer in answers)


def test_never_redirects_to_another_site(client: Client) -> None:
    User.objects.create_user("kim", password="a long password")
    answer = client.post("/sign-in/", {"username": "kim", "password": "a long password", "next": "https://example.com/"})
    assert answer.url == "/"


@pytest.mark.parametrize(("is_staff", "home"), [(True, "/admin/"), (False, "/trade/")])
def test_each_role_has_its_own_front_page(client: Client, is_staff: bool, home: str) -> None:
    client.force_login(User.objects.create_user("kim", is_staff=is_staff))
    assert client.get("/").url == home


def test_traders_land_on_their_first_account(trader: Trader) -> None:
    assert trader.client.get("/trade/").url == trader.page


def test_who_has_no_account_is_told_so(client: Client) -> None:
    client.force_login(User.objects.create_user("kim"))
    assert b"No account to trade yet" in client.get("/trade/").content


def test_signs_out_by_post_alone(client: Client) -> None:
    client.force_login(User.objects.create_user("kim"))
    assert client.get("/sign-out/").status_code == 405
    assert client.post("/sign-out/").url == "/sign-in/"


def test_unknown_pages_answer_with_our_own_page(client: Client) -> None:
    answer = client.get("/nowhere/")
    assert (answer.status_code, b"There is nothing here" in answer.content) == (404, True)


def test_a_failure_names_the_request_it_is_logged_under(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("orders.views.tradable_by", broken)
    client.force_login(User.objects.create_user("kim"))
    page, fragment = client.get("/trade/"), client.get("/trade/", headers={"HX-Request": "true"})
    assert (page.status_code, fragment.status_code) == (500, 500)
    assert page["X-Request-ID"].encode() in page.content
    assert fragment["HX-Retarget"] == "#notes"
