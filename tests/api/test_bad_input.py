"""Each wrong order: a code and the numbers, nothing moved, a DENIED row where there was an order, never a 500."""

import json
from datetime import date
from typing import Any

import pytest

from accounts.enums import AccountStatus
from accounts.models import User
from orders.enums import Reason
from quotes.models import Holiday
from quotes.selectors import calendars
from tests.api.bad_input import DENIED, UNREADABLE, WRONG_TYPES, Bad, order_fields
from tests.api.conftest import Program

pytestmark = pytest.mark.django_db


def assert_refused(program: Program, response: Any, code: str, status: int, before: tuple[Any, ...]) -> dict[str, Any]:
    """The one error format, and nothing moved."""
    body = response.json()
    assert (response.status_code, body["code"]) == (status, code), body
    assert set(body) - {"order"} == {"code", "message", "extra"}
    assert body["message"]
    assert program.snapshot() == before
    return body


@pytest.mark.parametrize("bad", DENIED + UNREADABLE + WRONG_TYPES, ids=lambda bad: bad.name)
def test_refuses_a_bad_order(program: Program, bad: Bad) -> None:
    before = program.snapshot()
    fields = order_fields(program.account.number, program.desk.gold.symbol, **bad.fields)
    body = assert_refused(program, program.post("orders/", fields), bad.code, bad.api_status, before)
    assert set(bad.numbers) <= set(body["extra"])
    assert [(o.status, o.reason) for o in program.orders()] == ([("DENIED", bad.code)] if bad.denied else [])


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("", 400),
        ("{", 400),
        ('{"quantity": NaN}', 400),
        ('{"quantity": 1e999}', 400),
        ("[" * 100_000, 400),
        ("[]", 400),
        ('[{"side": "BUY"}]', 400),
        ('"BUY"', 400),
        ("5", 400),
        ("null", 400),
        ('{"quantity": ' + "9" * 5000 + "}", 400),
        (b"\xff\xfe{}", 400),
        ('{"side": "' + "x" * 2_000_000 + '"}', 413),
    ],
    ids=lambda value: str(value)[:24],
)
@pytest.mark.parametrize("path", ["orders/", "orders/batch/"])
def test_refuses_a_body_that_is_no_order(program: Program, path: str, text: Any, status: int) -> None:
    before = program.snapshot()
    response = program.post_text(path, text)
    if path == "orders/batch/" and text == '[{"side": "BUY"}]':
        assert response.json()["outcomes"][0]["error"]["code"] == "INVALID_REQUEST"
        return
    code = "REQUEST_TOO_LARGE" if status == 413 else "INVALID_REQUEST"
    assert_refused(program, response, code, status, before)


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"])
def test_refuses_anything_but_json(program: Program, content_type: str) -> None:
    response = program.post_text("orders/", "side=BUY", content_type)
    assert (response.status_code, response.json()["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_refuses_an_oversized_form(program: Program) -> None:
    response = program.post_text("orders/", "a=" + "x" * 2_000_000, "application/x-www-form-urlencoded")
    assert response.status_code in {413, 415}
    assert set(response.json()) == {"code", "message", "extra"}


def test_somebody_elses_account_is_not_found(program: Program) -> None:
    other = program.desk.account(owner=User.objects.create_user("other"))
    before = program.snapshot()
    assert_refused(program, program.post("orders/", order_fields(other.number, program.desk.gold.symbol)), "NOT_FOUND", 404, before)
    assert not other.orders.exists()


def test_denies_on_a_stale_quote(program: Program) -> None:
    program.desk.at = program.desk.at.replace(hour=13)
    _denied(program, Reason.STALE_QUOTE, "age_seconds")


def test_denies_in_a_closed_session(program: Program) -> None:
    Holiday.objects.create(calendar=program.desk.calendar, day=date(2026, 3, 2), name="Closed")
    calendars.forget()
    _denied(program, Reason.NOT_IN_SESSION, "at")


def test_denies_for_a_suspended_account(program: Program) -> None:
    program.account.status = AccountStatus.SUSPENDED
    program.account.save()
    _denied(program, Reason.ACCOUNT_NOT_ACTIVE, "status")


def test_denies_a_client_order_id_used_for_something_else(program: Program) -> None:
    fields = order_fields(program.account.number, program.desk.gold.symbol)
    assert program.post("orders/", fields).status_code == 201
    before = program.snapshot()
    body = assert_refused(program, program.post("orders/", fields | {"quantity": "2"}), Reason.DUPLICATE_ID, 422, before)
    assert body["extra"]["order_id"] == program.orders()[0].pk
    assert len(program.orders()) == 1


def _denied(program: Program, reason: Reason, number: str) -> None:
    before = program.snapshot()
    fields = order_fields(program.account.number, program.desk.gold.symbol)
    body = assert_refused(program, program.post("orders/", fields), reason, 422, before)
    assert number in body["extra"]
    assert [(o.status, o.reason) for o in program.orders()] == [("DENIED", reason)]
    json.dumps(body)
