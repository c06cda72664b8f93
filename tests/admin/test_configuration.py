"""Configuration that would break the desk is refused; what the books rest on is decided once."""

import pytest
from django.test import Client

from quotes.models import Instrument, Market, SessionCalendar
from tests.admin.conftest import Book
from tests.admin.pages import address

pytestmark = pytest.mark.django_db


def calendar_form(**changes: str) -> dict[str, str]:
    empty = {f"{prefix}-{name}": "0" for prefix in ("windows", "holidays") for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    return {"code": "NEW", "name": "New", "timezone": "UTC", "rolls_at": "", "trading_weekdays": "12345", **empty, **changes}


@pytest.mark.parametrize("changes", [{"timezone": "Mars/Phobos"}, {"timezone": "../etc"}, {"trading_weekdays": "89"}, {"trading_weekdays": ""}])
def test_a_calendar_that_no_trading_day_follows_from_is_refused(book: Book, operations: Client, changes: dict[str, str]) -> None:
    response = operations.post(address(SessionCalendar, "add"), calendar_form(**changes))
    assert response.status_code == 200
    assert response.context["adminform"].form.errors.keys() == changes.keys()
    assert not SessionCalendar.objects.filter(code="NEW").exists()
    assert operations.post(address(SessionCalendar, "add"), calendar_form()).status_code == 302


def market_form(**changes: str) -> dict[str, str]:
    empty = {"listings-TOTAL_FORMS": "0", "listings-INITIAL_FORMS": "0"}
    return {"code": "NEW", "name": "New", "kind": "DEMO", "clock": "WALL", "feed": "simulator", "feed_options": "{}", **empty, **changes}


@pytest.mark.parametrize("changes", [{"feed": "rumours"}, {"feed_options": "[]"}, {"feed_options": "{"}, {"kind": "REAL"}, {"code": "no spaces"}])
def test_a_market_that_cannot_be_is_refused(book: Book, operations: Client, changes: dict[str, str]) -> None:
    response = operations.post(address(Market, "add"), market_form(**changes))
    assert response.status_code == 200
    assert response.context["adminform"].form.errors.keys() == changes.keys()
    assert not Market.objects.filter(name="New").exists()
    assert operations.post(address(Market, "add"), market_form()).status_code == 302


def test_what_the_books_rest_on_is_not_offered_for_change(book: Book, operations: Client) -> None:
    html = operations.get(address(Instrument, "change", book.desk.gold.pk)).content.decode()
    assert 'name="tick_size"' in html
    assert 'name="multiplier"' not in html
    html = operations.get(address(Market, "change", book.desk.market.pk)).content.decode()
    assert 'name="name"' in html
    assert 'name="kind"' not in html
