"""The API's edges: what no encoding knows, what is no JSON at all, a database that is away. One error format everywhere."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from psycopg.errors import AdminShutdown, DeadlockDetected

from quotes.models import LatestQuote
from quotes.selectors import calendars
from tests.api.bad_input import order_fields
from tests.api.conftest import Program
from tradingdesk.kernel.logs import OneLine

pytestmark = pytest.mark.django_db
HALF = "\\ud800"  # half a character, as JSON escapes it
FIELDS = ("account", "instrument", "side", "quantity", "type", "limit_price", "time_in_force", "effect", "client_order_id")


def refusal(response: Any, status: int, code: str) -> dict[str, Any]:
    body: dict[str, Any] = response.json()
    assert (response.status_code, body["code"]) == (status, code), body
    assert set(body) == {"code", "message", "extra"}
    return body


@pytest.mark.parametrize("field", [*FIELDS, HALF])
@pytest.mark.parametrize("text", [HALF, f"a{HALF}b", "\\udfff" * 80, f"{HALF}\\u0000"])
def test_half_a_character_is_an_invalid_request_and_is_shown_as_what_it_is(program: Program, field: str, text: str) -> None:
    order = json.dumps({"limit_price": "1990", "type": "LIMIT"} | order_fields(program.account.number, program.desk.gold.symbol))
    sent = order[:-1] + f', "{field}": "{text}"}}'
    before = program.snapshot()
    refusal(program.post_text("orders/", sent), 400, "INVALID_REQUEST")
    assert (program.snapshot(), program.orders()) == (before, [])
    answer = program.post_text("orders/batch/", f"[{order}, {sent}]")
    assert [outcome["error"] and outcome["error"]["code"] for outcome in answer.json()["outcomes"]] == [None, "INVALID_REQUEST"]
    answer.content.decode()


@pytest.mark.parametrize("text", [f'"{HALF}"', f'{{"{HALF}": 1}}', f'[["{HALF}"]]', f'{{"x": {{"{HALF}": ["{HALF}"]}}}}'])
@pytest.mark.parametrize("path", ["orders/", "orders/batch/", "orders/1/cancel/"])
def test_half_a_character_anywhere_in_a_body_is_no_failure(program: Program, path: str, text: str) -> None:
    assert program.post_text(path, text).status_code in {200, 400}


@pytest.mark.parametrize(
    "path", ["orders/?account=", "orders/?status=", "orders/?limit=", "quotes/?market=", "bars/?instrument=X&market=", "accounts/{}/"]
)
@pytest.mark.parametrize("text", ["%ED%A0%80", "%FF", "%F0%9F"])
def test_bytes_that_are_no_text_in_an_address_are_no_failure(program: Program, path: str, text: str) -> None:
    address = path.format(text) if "{}" in path else path + text
    assert program.get(address).status_code in {400, 404}


@pytest.mark.parametrize(
    "content_type", ["multipart/form-data", "multipart/form-data; boundary=x", "multipart/form-data; boundary=", "application/xml", ""]
)
def test_a_body_that_is_no_json_is_refused_with_a_code_whoever_sends_it(program: Program, content_type: str) -> None:
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
    strict.force_login(program.desk.trader)
    strict.cookies["csrftoken"] = "a" * 32
    for client in (program.client, strict, Client(raise_request_exception=False)):
        for headers in ({}, {"X-CSRFToken": "a" * 32}):
            response = client.post("/api/v1/orders/", b"--x\r\nside=BUY", content_type=content_type, headers=headers)
            body = response.json()
            assert response.status_code in {400, 403, 415}
            assert set(body) == {"code", "message", "extra"}


class Gone:
    """A database whose connection breaks at the next statement."""

    def __init__(self, cause: Exception) -> None:
        self.cause = cause

    def __call__(self, *_: Any) -> None:
        raise OperationalError("the connection is lost\nand more lines") from self.cause


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """What would be written, a line each, tracebacks included."""
    written: list[str] = []
    handler = logging.Handler()
    handler.addFilter(OneLine())
    handler.emit = lambda record: written.extend(logging.Formatter().format(record).splitlines())  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)


def test_a_database_that_is_away_is_503_with_a_code_and_one_line(program: Program, lines: list[str]) -> None:
    with connection.execute_wrapper(Gone(AdminShutdown())):
        body = refusal(program.get("accounts/"), 503, "DATABASE_UNAVAILABLE")
        assert "same client order id is safe" in body["message"]
        refusal(program.post("orders/", order_fields(program.account.number, program.desk.gold.symbol)), 503, "DATABASE_UNAVAILABLE")
    assert len(lines) == 2, lines
    assert all("database away" in line and "/api/v1/" in line for line in lines)


def test_another_failure_of_the_database_stays_a_bug_with_its_traceback(program: Program, lines: list[str]) -> None:
    with connection.execute_wrapper(Gone(DeadlockDetected())):
        assert program.get("accounts/").status_code == 500
    assert len(lines) > 10


def test_a_refusal_is_one_line(program: Program, lines: list[str]) -> None:
    assert program.client.get("/admin/orders/order/").status_code == 302
    program.desk.trader.is_staff = True
    program.desk.trader.save()
    for path in ("/admin/orders/order/1/change/", "/admin/auth/group/", "/wp-login.php", "/api/v1/orders/999/", "/trade/X-9/"):
        assert program.client.get(path).status_code in {403, 404}
    assert len(lines) <= 5, lines


def test_bars_say_which_trading_day_is_growing(program: Program) -> None:
    body = program.get("bars/", market="TEST", instrument=program.desk.gold.symbol).json()
    day = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp())
    assert body["day"] == {"label": day, "begins": day, "ends": day + 86_400, "next_label": day + 86_400}
    # In New York a day begins at 18:00 of the evening before, 23:00 UTC in winter; after Friday's comes Monday's.
    program.desk.calendar.timezone, program.desk.calendar.rolls_at = "America/New_York", time(18)
    program.desk.calendar.trading_weekdays = "12345"
    program.desk.calendar.save()
    calendars.forget()
    LatestQuote.objects.update(trading_day="2026-03-06")
    friday = int(datetime(2026, 3, 6, tzinfo=UTC).timestamp())
    body = program.get("bars/", market="TEST", instrument=program.desk.gold.symbol).json()
    assert body["day"] == {"label": friday, "begins": friday - 3600, "ends": friday + 23 * 3600, "next_label": friday + 3 * 86_400}


def test_a_quote_says_how_old_it_is(program: Program) -> None:
    program.desk.at += timedelta(seconds=7)
    [quote] = program.get("quotes/", market="TEST").json()["quotes"]
    assert quote["age_seconds"] == 7.0


def test_a_late_cancel_names_plain_numbers(program: Program) -> None:
    filled = program.desk.buy(program.account, 2)
    body = refusal(program.post(f"orders/{filled.order_id}/cancel/", {}), 409, "INVALID_TRANSITION")
    assert body["extra"]["filled_quantity"] == "2"
