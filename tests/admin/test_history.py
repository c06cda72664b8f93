"""History is looked at: who, when and why; no request but GET is answered, and nothing is restored."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client

from accounts.enums import Role
from accounts.models import Account, RiskTier
from orders.models import Order
from quotes.models import Instrument, Market
from settlement.models import SettlementRun
from tests.admin.conftest import Book
from tests.admin.pages import address, as_shown, registered
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
    page = address(Instrument, "change", gold.pk)
    assert operations.post(page, as_shown(operations, page) | {"name": "Gold of another name"}).status_code == 302
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


def test_who_why_and_on_which_request_stand_on_the_history_page(book: Book, operations: Client) -> None:
    # Given a change in the admin with its reason, and one by hand
    tier = book.desk.tier
    page = address(RiskTier, "change", tier.pk)
    answer = operations.post(page, as_shown(operations, page) | {"margin_factor": "1.75", "change_reason": " Volatile\x00 week "})
    assert answer.status_code == 302, answer.context["errors"]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_risktier SET margin_factor = 2 WHERE id = %s", [tier.pk])
    # Then the row's own page and the list of all changes tell both
    own = operations.get(address(RiskTier, "history", tier.pk)).content.decode()
    listed = operations.get(address(RiskTier.history.model, "changelist")).content.decode()
    for html in (own, listed):
        assert "Volatile week" in html
        assert answer["X-Request-ID"] in html
        assert "one-operations" in html
        assert "desk_app · tradingdesk" in html
    assert "1.00000000 → 1.75000000" in own
    found = operations.get(address(RiskTier.history.model, "changelist"), {"q": answer["X-Request-ID"]}).content.decode()
    assert "Volatile week" in found
    assert "desk_app · tradingdesk" not in found


def test_the_reason_covers_the_inlines_of_a_page_and_its_links(book: Book, operations: Client) -> None:
    account, agent = book.account, book.desk.trader
    page = address(Account, "change", account.pk)
    answer = operations.post(page, {"name": account.name, "tier": account.tier_id, "agents": [agent.pk], "change_reason": "Holiday cover"})
    assert answer.status_code == 302, answer.context["errors"]
    newest = account.history.first()
    assert ([row.user_id for row in newest.agents.all()], newest.history_change_reason) == ([agent.pk], "Holiday cover")


def test_who_may_only_look_is_asked_for_no_reason(book: Book, client_of: Callable[[Role], Client]) -> None:
    html = client_of(Role.COMPLIANCE).get(address(RiskTier, "change", book.desk.tier.pk)).content.decode()
    assert "change_reason" not in html
