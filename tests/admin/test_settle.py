"""Settling a day from the admin: asked first, done by the service, refusals as messages."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.formats import date_format

from accounts.enums import Role
from settlement.models import SettlementRun
from tests.admin.conftest import Book
from tests.admin.pages import address

pytestmark = pytest.mark.django_db


def test_settling_asks_first_and_says_that_the_session_is_open(book: Book, client_of: object) -> None:
    client = client_of(Role.SETTLEMENT)
    page = reverse("admin:settlement_settle")
    book.desk.quote("2011.00", "2011.50", seconds=24 * 3600)
    with book.desk.now():
        html = client.get(page, {"market": book.desk.market.pk}).content.decode()
        # Monday is settled; it is Tuesday noon, and its session lasts until midnight UTC
        assert "trading day Tuesday, 2026-03-03" in html
        assert "Its session is still open until 2026-03-04 00:00 UTC" in html
        assert SettlementRun.objects.count() == 1
        response = client.post(page, {"market": book.desk.market.pk, "trading_day": "2026-03-03"})
    run = SettlementRun.objects.get(trading_day="2026-03-03")
    assert (response.status_code, response.url) == (302, address(SettlementRun, "change", run.pk))
    assert (run.status, run.actor.username) == ("DONE", "one-settlement")


def test_settling_a_settled_day_again_leads_to_its_run(book: Book, client_of: object) -> None:
    client = client_of(Role.SETTLEMENT)
    day = date_format(book.run.trading_day, "Y-m-d")
    with book.desk.now():
        assert (
            "This day is settled"
            in client.get(reverse("admin:settlement_settle"), {"market": book.desk.market.pk, "trading_day": day}).content.decode()
        )
        response = client.post(reverse("admin:settlement_settle"), {"market": book.desk.market.pk, "trading_day": day})
    assert response.url == address(SettlementRun, "change", book.run.pk)
    assert SettlementRun.objects.count() == 1


def test_a_settled_day_shows_its_run_and_no_button(book: Book, operations: Client) -> None:
    with book.desk.now():
        html = operations.get(
            reverse("admin:settlement_settle"), {"market": book.desk.market.pk, "trading_day": str(book.run.trading_day)}
        ).content.decode()
    assert address(SettlementRun, "change", book.run.pk) in html
    assert f"Settle {book.desk.market.code}" not in html


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "2200-01-01", "soon", "2026-02-30", "9" * 500])
def test_a_day_that_no_calendar_reaches_is_refused_in_words(book: Book, operations: Client, day: str) -> None:
    response = operations.get(reverse("admin:settlement_settle"), {"market": book.desk.market.pk, "trading_day": day})
    assert response.status_code == 200
    assert "is no trading day of any calendar" in response.content.decode()
    assert f"Settle {book.desk.market.code}" not in response.content.decode()


@pytest.mark.parametrize(
    ("market", "day", "message"),
    [
        ("", "2026-03-03", "INVALID_REQUEST"),
        ("999999", "2026-03-03", "INVALID_REQUEST"),
        ("x", "2026-03-03", "INVALID_REQUEST"),
        (None, "", "INVALID_REQUEST"),
        (None, "2026-13-40", "INVALID_REQUEST"),
        (None, "9999-12-31", "INVALID_REQUEST"),
        (None, "0001-01-01", "INVALID_REQUEST"),
        (None, "2026-03-09", "DAY_NOT_SETTLEABLE"),
        (None, "2026-02-27", "DAY_NOT_SETTLEABLE"),
    ],
)
def test_what_cannot_be_settled_is_a_message_and_settles_nothing(book: Book, operations: Client, market: str | None, day: str, message: str) -> None:
    with book.desk.now():
        data = {"market": book.desk.market.pk if market is None else market, "trading_day": day}
        response = operations.post(reverse("admin:settlement_settle"), data, follow=True)
    assert response.status_code == 200
    assert message in response.content.decode()
    assert SettlementRun.objects.count() == 1
