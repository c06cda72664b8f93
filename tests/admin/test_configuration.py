"""Configuration that would break the desk is refused; what the books rest on is decided once."""

import pytest
from django.test import Client

from accounts.models import RiskTier
from quotes.models import Instrument, Listing, MarginSchedule, Market, SessionCalendar
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
TIER |= {"variation_call": "NONE", "deficit": "OWED"}
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
    "close_order": "FIFO",
    "fee_age": "FIFO",
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
    (Instrument, GOLD, {"margin_basis": "OPEN"}, {"margin_basis"}, "OPEN is not one of the available choices"),
    (Instrument, GOLD, {"close_order": "LIFO"}, {"close_order"}, "LIFO is not one of the available choices"),
    (Instrument, GOLD, {"fee_age": ""}, {"fee_age"}, "required"),
    (RiskTier, TIER, {"deficit": "FORGIVEN"}, {"deficit"}, "FORGIVEN is not one of the available choices"),
    (RiskTier, TIER, {"variation_call": "MAYBE"}, {"variation_call"}, "MAYBE is not one of the available choices"),
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


SCHEDULE = {"effective_from": "2026-04-01", "rate": "0", "per_lot": "8", "maintenance_per_lot": "6", "is_larger_side": "on"}


@pytest.mark.parametrize(
    ("changes", "beside", "words"),
    [
        ({"rate": "-0.01"}, "rate", "-0.01 is"),
        ({"rate": "10"}, "rate", "10 is 1000 % of the value; write 0.1 for 10 %."),
        ({"per_lot": "-1"}, "per_lot", "-1 is"),
        ({"maintenance_per_lot": "-6"}, "maintenance_per_lot", "-6 is"),
        ({"maintenance_per_lot": "8.01"}, "maintenance_per_lot", "8.01 is more than the initial margin of a lot, 8"),
    ],
)
def test_a_margin_that_cannot_be_is_refused_in_words(book: Book, operations: Client, changes: dict[str, str], beside: str, words: str) -> None:
    form = {**SCHEDULE, "instrument": str(book.desk.gold.pk)}
    response = operations.post(address(MarginSchedule, "add"), {**form, **changes})
    errors = response.context["adminform"].form.errors
    assert set(errors) == {beside}
    assert words in " ".join(errors[beside])
    assert operations.post(address(MarginSchedule, "add"), form).status_code == 302
    kept = MarginSchedule.objects.get(effective_from="2026-04-01")
    assert (kept.maintenance_per_lot, kept.is_larger_side) == (6, True)
    assert kept.history.get().history_user.username == "one-operations"


def test_maintenance_may_exceed_the_part_per_lot_of_a_margin_that_is_also_a_share_of_the_price(book: Book, operations: Client) -> None:
    form = {**SCHEDULE, "instrument": str(book.desk.gold.pk), "rate": "0.05", "per_lot": "0", "maintenance_per_lot": "4500"}
    assert operations.post(address(MarginSchedule, "add"), form).status_code == 302


@pytest.mark.parametrize(("quantity", "words"), [("0", "0 is not"), ("-1", "-1 is not"), ("1.5", "1.5 is not a multiple of the quantity step, 1.")])
def test_a_quoted_quantity_that_no_order_can_be_of_is_refused_in_words(book: Book, operations: Client, quantity: str, words: str) -> None:
    listing = Listing.objects.get()
    form = {"calendar": str(listing.calendar_id), "max_quote_age_seconds": "10", "max_jump_rate": "0.05", "is_active": "on"}
    response = operations.post(address(Listing, "change", listing.pk), {**form, "quote_quantity": quantity})
    assert words in " ".join(response.context["adminform"].form.errors["quote_quantity"])
    assert Listing.objects.get().quote_quantity is None
    assert operations.post(address(Listing, "change", listing.pk), {**form, "quote_quantity": "3"}).status_code == 302
    assert (Listing.objects.get().quote_quantity, Listing.objects.get().history.first().quote_quantity) == (3, 3)


def test_the_rules_of_an_instrument_and_a_tier_are_edited_with_their_explanations(book: Book, operations: Client) -> None:
    html = operations.get(address(Instrument, "change", book.desk.gold.pk)).content.decode()
    assert all(f'name="{name}"' in html for name in ("product", "margin_basis", "close_order", "fee_age"))
    assert "whichever lots it takes" in html
    html = operations.get(address(RiskTier, "change", book.desk.tier.pk)).content.decode()
    assert all(f'name="{name}"' in html for name in ("variation_call", "deficit"))
    assert "nothing is collected" in html
