"""Configuration that would break the desk is refused; what the books rest on is decided once."""

import pytest
from django.test import Client

from accounts.models import RiskTier
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


TIER = {"name": "New", "floating": "LOSSES_ONLY", "margin_factor": "1", "watch_level": "150", "warning_level": "120", "liquidation_level": "100"}
GOLD = {
    "symbol": "NEW",
    "name": "New",
    "asset_class": "FUTURE",
    "matching": "DEALER",
    "currency": "USD",
    "is_active": "on",
    "multiplier": "100",
    "tick_size": "0.01",
    "quantity_step": "0.1",
    "margin_basis": "ORDER_PRICE",
    **{f"{prefix}_schedules-{name}": "0" for prefix in ("fee", "margin") for name in ("TOTAL_FORMS", "INITIAL_FORMS")},
}
NONSENSE = [
    (RiskTier, TIER, {"watch_level": "0"}, {"watch_level"}, "0 is not"),
    (RiskTier, TIER, {"liquidation_level": "-5"}, {"liquidation_level"}, "-5"),
    (RiskTier, TIER, {"liquidation_level": "130"}, {"liquidation_level"}, "130 %, must not lie above the warning level, 120 %"),
    (RiskTier, TIER, {"warning_level": "200"}, {"warning_level"}, "200 %, must not lie above the watch level, 150 %"),
    (RiskTier, TIER, {"margin_factor": "0"}, {"margin_factor"}, "0 is not"),
    (RiskTier, TIER, {"max_order_quantity": "0"}, {"max_order_quantity"}, "0 is not"),
    (RiskTier, TIER, {"max_position_quantity": "-1"}, {"max_position_quantity"}, "-1 is not"),
    (Instrument, GOLD, {"max_order_quantity": "0"}, {"max_order_quantity"}, "0 is not"),
    (Instrument, GOLD, {"max_order_quantity": "0.15"}, {"max_order_quantity"}, "0.15 is not a multiple of the quantity step, 0.1"),
    (Instrument, GOLD, {"quantity_step": "0"}, {"quantity_step"}, "0 is not"),
    (Instrument, GOLD, {"multiplier": "-1"}, {"multiplier"}, "-1 is not"),
    (Instrument, GOLD, {"tick_size": "-0.01"}, {"tick_size"}, "-0.01 is"),
    (Instrument, GOLD, {"tick_size": "0.000001"}, {"tick_size"}, "5 decimals at most; 0.000001 is finer"),
]


@pytest.mark.parametrize(("model", "good", "changes", "beside", "numbers"), NONSENSE)
def test_nonsense_is_refused_in_words_beside_its_field(
    book: Book, operations: Client, model: type, good: dict[str, str], changes: dict[str, str], beside: set[str], numbers: str
) -> None:
    response = operations.post(address(model, "add"), {**good, **changes})
    assert response.status_code == 200
    errors = response.context["adminform"].form.errors
    assert (set(errors) - {"__all__"}) == beside
    assert "constraint" not in str(errors).lower(), errors
    assert numbers in " ".join(sentence for sentences in errors.values() for sentence in sentences)
    assert not model.objects.filter(name="New").exists()
    assert operations.post(address(model, "add"), good).status_code == 302
