"""History is looked at: who, when and why; no request but GET is answered, and nothing is restored."""

import pytest
from django.test import Client

from orders.models import Order
from quotes.models import Instrument, Market
from settlement.models import SettlementRun
from tests.admin.conftest import Book
from tests.admin.pages import address, registered
from tradingdesk.kernel.admin import HistoriedAdmin, ReadOnlyAdmin

pytestmark = pytest.mark.django_db

HISTORIED = [model for model, model_admin in registered() if isinstance(model_admin, HistoriedAdmin)]


def test_every_model_with_a_history_shows_it() -> None:
    assert {model for model, _ in registered() if hasattr(model, "history")} == set(HISTORIED)


@pytest.mark.parametrize("model", HISTORIED, ids=lambda model: model._meta.label)
def test_history_pages_answer_get_and_refuse_everything_else(book: Book, operations: Client, model: type) -> None:
    row = model.history.first()
    listed = address(model, "history", row.instance.pk)
    version = address(model, "simple_history", row.instance.pk, row.history_id)
    count = model.history.count()
    for page in (listed, version):
        assert operations.get(page).status_code == 200, page
        for method in (operations.post, operations.put, operations.patch, operations.delete):
            assert method(page, {"name": "Restored", "symbol": "RESTORED", "code": "RESTORED"}).status_code == 405, page
    assert model.history.count() == count


def test_no_page_answers_a_method_it_does_not_mean(book: Book, operations: Client) -> None:
    for model, model_admin in registered():
        row = model._default_manager.first()
        methods = ["put", "patch", "delete", *(["post"] if isinstance(model_admin, ReadOnlyAdmin) else [])]
        pages = [address(model, "changelist")] + ([address(model, "change", row.pk)] if row else [])
        for page in pages:
            assert {getattr(operations, method)(page).status_code for method in methods} == {405}, page
        if row:
            history = address(model, "history", row.pk)
            assert {getattr(operations, method)(history).status_code for method in ("post", "put", "patch", "delete")} == {405}, history


def test_what_has_no_history_but_itself_leads_to_where_it_says_what_happened(book: Book, operations: Client) -> None:
    for model, model_admin in registered():
        row = model._default_manager.first()
        if row is not None and isinstance(model_admin, ReadOnlyAdmin):
            page = operations.get(address(model, "history", row.pk))
            assert (page.status_code, page.url.partition("#")[0]) == (302, address(model, "change", row.pk)), model._meta.label
    order = address(Order, "history", book.filled.order_id)
    assert operations.get(order).url.endswith("#order-events")
    assert 'id="order-events"' in operations.get(order, follow=True).content.decode()


def test_a_change_in_the_admin_says_who_made_it(book: Book, operations: Client) -> None:
    gold = book.desk.gold
    form = {
        "symbol": gold.symbol,
        "name": "Gold of another name",
        "asset_class": gold.asset_class,
        "matching": gold.matching,
        "currency": "USD",
        "is_active": "on",
        "multiplier": "100",
        "tick_size": "0.01",
        "quantity_step": "1",
        "margin_basis": gold.margin_basis,
        **{
            f"{prefix}-{name}": value
            for prefix in ("fee_schedules", "margin_schedules")
            for name, value in [("TOTAL_FORMS", 0), ("INITIAL_FORMS", 0)]
        },
    }
    assert operations.post(address(Instrument, "change", gold.pk), form).status_code == 302
    newest = gold.history.first()
    assert (newest.name, newest.history_user.username) == ("Gold of another name", "one-operations")
    assert "Gold of another name" in operations.get(address(Instrument, "history", gold.pk)).content.decode()


def test_saving_a_form_leaves_what_settlement_wrote_meanwhile(book: Book, operations: Client) -> None:
    market = Market.objects.get(pk=book.desk.market.pk)
    page = operations.get(address(Market, "change", market.pk))
    form = page.context["adminform"].form
    data = {name: "" if form.initial.get(name) is None else form.initial[name] for name in form.fields}
    data.update(name="Renamed", feed_options="{}", **{"listings-TOTAL_FORMS": 0, "listings-INITIAL_FORMS": 0})
    Market.objects.filter(pk=market.pk).update(priced_through="2026-03-09")  # a settlement, between the page and its form
    assert operations.post(address(Market, "change", market.pk), {k: v for k, v in data.items() if v is not False}).status_code == 302
    market.refresh_from_db()
    assert (market.name, str(market.priced_through)) == ("Renamed", "2026-03-09")
    assert SettlementRun.objects.count() == 1
