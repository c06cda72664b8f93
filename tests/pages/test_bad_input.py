"""The same wrong orders as over the API, typed into the ticket: 422 with code and numbers in the ticket, nothing moved."""

import html
from typing import Any

import pytest
from django.db import OperationalError, connection

from accounts.models import User
from tests.api.bad_input import DENIED, UNREADABLE, Bad
from tests.pages.conftest import HTMX, Trader

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("bad", DENIED + UNREADABLE, ids=lambda bad: bad.name)
def test_refuses_a_bad_ticket(trader: Trader, bad: Bad) -> None:
    before = trader.snapshot()
    response = trader.ticket(**bad.fields)
    text = html.unescape(response.content.decode())
    assert response.status_code == bad.page_status, text
    assert bad.code in text
    for number in bad.numbers:
        assert number.replace("_", " ") in text
    assert trader.snapshot() == before
    assert [(o.status, o.reason) for o in trader.orders()] == ([("DENIED", bad.code)] if bad.denied else [])


@pytest.mark.parametrize("field", ["quantity", "limit_price", "side", "instrument", "client_order_id"])
@pytest.mark.parametrize("value", ["<script>alert(1)</script>", "\x00", "x" * 100_000, "٣", "１"])
def test_survives_anything_typed_and_shows_it_as_text(trader: Trader, field: str, value: str) -> None:
    before = trader.snapshot()
    response = trader.ticket(**{"type": "LIMIT", "limit_price": "1", "effect": "CLOSE", field: value})
    assert response.status_code in {404, 422}
    assert b"<script>alert" not in response.content
    assert trader.snapshot() == before


def test_refuses_an_oversized_form(trader: Trader) -> None:
    before = trader.snapshot()
    response = trader.ticket(quantity="1" * 2_000_000)
    assert (response.status_code, response["HX-Retarget"]) == (413, "#notes")
    assert trader.snapshot() == before


@pytest.mark.parametrize("number", ["foreign", "X-9", "%00", "a" * 300])
@pytest.mark.parametrize("path", ["", "live/", "book/", "estimate/"])
def test_other_accounts_are_not_found(trader: Trader, number: str, path: str) -> None:
    number = _foreign(trader) if number == "foreign" else number
    assert trader.client.get(f"/trade/{number}/{path}").status_code == 404
    fragment = trader.client.get(f"/trade/{number}/{path}", headers=HTMX)
    assert (fragment.status_code, fragment["HX-Retarget"]) == (404, "#notes")


@pytest.mark.parametrize("path", ["orders/", "close/", "orders/1/cancel/"])
def test_nobody_posts_for_another_account(trader: Trader, path: str) -> None:
    number = _foreign(trader)
    response = trader.client.post(f"/trade/{number}/{path}", {"instrument": trader.desk.gold.symbol, "side": "BUY", "quantity": "1"}, headers=HTMX)
    assert response.status_code == 404


def test_an_order_is_canceled_through_its_own_account_alone(trader: Trader) -> None:
    second = trader.desk.account()
    order_id = trader.desk.buy(second, 1, "1990").order_id
    assert trader.post(f"orders/{order_id}/cancel/").status_code == 404
    assert second.orders.get().status == "WORKING"


def test_a_form_without_a_token_is_refused_with_a_sentence(trader: Trader) -> None:
    trader.client.handler.enforce_csrf_checks = True
    response = trader.ticket()
    assert response.status_code == 403
    assert b"older than your sign-in" in response.content
    assert trader.orders() == []


def _foreign(trader: Trader) -> Any:
    return trader.desk.account(owner=User.objects.create_user("other")).number


def test_a_database_that_is_away_is_said_where_the_order_was_sent(trader: Trader) -> None:
    def gone(*_: Any) -> None:
        raise OperationalError("the connection is closed")

    with connection.execute_wrapper(gone):
        answers = [trader.ticket(), trader.get("live/", htmx=True), trader.get(), trader.client.get("/admin/")]
    assert [answer.status_code for answer in answers] == [503] * 4
    assert answers[0]["HX-Retarget"] == "#notes"
    for answer in answers[:3]:
        assert "DATABASE_UNAVAILABLE" in answer.content.decode() or b"away for a moment" in answer.content
        assert b"same client order id is safe" in answer.content
    assert trader.ticket().status_code == 200
    assert len(trader.orders()) == 1
