"""The trader's page and its fragments. Gold quoted 2000.00 / 2000.50, margin 5 %, fee 5.00 a lot, 100,000 in the account."""

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.services.standing import change_standing
from settlement.services.run import settle
from tests.factories.desk import funds
from tests.pages.conftest import Trader

pytestmark = pytest.mark.django_db


def text_of(response: Any, element_id: str) -> str:
    """What stands in the element with this id."""
    found = re.search(rf'id="{element_id}"[^>]*>([^<]*)<', response.content.decode())
    assert found, f"no #{element_id}"
    return found[1].strip()


def test_the_page_shows_figures_ticket_and_empty_lists(trader: Trader) -> None:
    response = trader.get()
    assert response.status_code == 200
    assert (text_of(response, "figure-equity"), text_of(response, "bid"), text_of(response, "ask")) == ("100,000.00", "2,000.00", "2,000.50")
    for sentence in ("No open positions.", "No working orders.", "No orders yet.", "No fills yet."):
        assert sentence in response.content.decode()
    config = json.loads(re.search(r'<script id="desk-config"[^>]*>(.*?)</script>', response.content.decode(), re.S)[1])
    assert config["socket"] == f"/ws/market/TEST/?account={trader.account.number}"


def test_buying_from_the_ticket_fills_and_asks_for_the_side_again(trader: Trader) -> None:
    response = trader.ticket()
    body = response.content.decode()
    assert response.status_code == 200
    assert f"Bought 1 {trader.desk.gold.symbol} at 2,000.5" in body
    assert "checked" not in re.search(r'id="side-buy"[^>]*', body)[0]
    assert "desk:changed" in response["HX-Trigger"]
    assert funds(trader.account).margin == 10002.50


def test_a_ticket_sent_twice_is_one_order_and_the_answer_brings_a_new_id(trader: Trader) -> None:
    first, second = trader.ticket(), trader.ticket()
    assert (first.status_code, second.status_code) == (200, 200)
    assert len(trader.orders()) == 1
    assert 'name="client_order_id" value="one"' not in first.content.decode()


def test_a_refused_ticket_keeps_what_was_typed_under_a_new_id(trader: Trader) -> None:
    body = trader.ticket(type="LIMIT", limit_price="1999.995", quantity="3", side="SELL").content.decode()
    assert 'value="1999.995"' in body
    assert 'value="3"' in body
    assert "checked" in re.search(r'id="side-sell"[^>]*', body)[0]
    assert 'value="one"' not in body


def test_a_market_ticket_ignores_the_limit_price_left_in_the_form(trader: Trader) -> None:
    assert trader.ticket(limit_price="1", time_in_force="GTC").status_code == 200


def test_live_fragment_follows_the_quote(trader: Trader) -> None:
    trader.ticket(quantity="2")
    trader.desk.quote("2010.00", "2010.50")
    response = trader.get("live/", htmx=True)
    # (2010.00 − 2000.50) × 2 × 100
    assert text_of(response, "figure-floating") == "+1,900.00"
    assert response.content.decode().count('hx-swap-oob="morph"') == 2


def test_close_button_closes_once_however_often_it_is_pressed(trader: Trader) -> None:
    trader.ticket(quantity="2")
    fields = _form(trader, "close-")
    answers = [trader.post("close/", **fields) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert "Sold 2" in answers[0].content.decode()
    assert [order.effect for order in trader.orders()] == ["OPEN", "CLOSE"]
    assert funds(trader.account).margin == 0


def test_close_button_can_be_pressed_again_after_a_refusal(trader: Trader) -> None:
    trader.ticket()
    trader.desk.at = trader.desk.at.replace(hour=13)
    refused = trader.post("close/", **_form(trader, "close-"))
    assert (refused.status_code, refused["HX-Retarget"]) == (422, "#notes")
    assert "STALE_QUOTE" in refused.content.decode()
    trader.desk.quote("2001.00", "2001.50")
    assert trader.post("close/", **_form(trader, "close-")).status_code == 200


def test_cancels_a_working_order_and_says_so_when_it_is_too_late(trader: Trader) -> None:
    trader.ticket(type="LIMIT", limit_price="1990", time_in_force="GTC")
    [order] = trader.orders()
    assert f'id="cancel-{order.pk}"' in trader.get("book/", htmx=True).content.decode()
    assert trader.post(f"orders/{order.pk}/cancel/").status_code == 200
    assert funds(trader.account).frozen == 0
    trader.ticket(client_order_id="two")
    late = trader.post(f"orders/{trader.orders()[-1].pk}/cancel/")
    assert (late.status_code, "FILLED" in late.content.decode()) == (422, True)


def test_estimate_of_the_ticket(trader: Trader) -> None:
    symbol = trader.desk.gold.symbol
    body = trader.get("estimate/", htmx=True, instrument=symbol, side="BUY", quantity="2", type="MARKET").content.decode()
    # 2 × 2000.50 × 100 × 5 % and 2 × 5.00
    assert "20,005.00" in body
    assert "10.00" in body


@pytest.mark.parametrize("quantity", ["", "x", "NaN", "-1", "9" * 40])
def test_estimate_of_what_cannot_be_read_is_empty(trader: Trader, quantity: str) -> None:
    response = trader.get("estimate/", htmx=True, instrument=trader.desk.gold.symbol, quantity=quantity)
    assert (response.status_code, "–" in response.content.decode()) == (200, True)


def test_lists_show_what_happened_with_reasons_and_quotes(trader: Trader) -> None:
    trader.ticket()
    trader.ticket(client_order_id="two", quantity="51")
    body = trader.get("book/", htmx=True).content.decode()
    assert "The quantity is above the maximum" in body
    assert "2,000.00 / 2,000.50" in body
    assert "Trading fee" in body


def test_unlisted_instruments_are_not_found(trader: Trader) -> None:
    assert trader.get(instrument="TIN").status_code == 404


def test_without_htmx_forms_lead_back_to_the_page(trader: Trader) -> None:
    response = trader.post("orders/", htmx=False, instrument=trader.desk.gold.symbol, side="BUY", quantity="1", type="MARKET", effect="OPEN")
    assert (response.status_code, response.url) == (302, trader.page)


def test_a_market_without_instruments_says_so(trader: Trader) -> None:
    trader.desk.market.listings.all().delete()
    response = trader.get()
    assert response.status_code == 200
    assert "Nothing is listed" in response.content.decode()


def test_query_counts_do_not_grow_with_the_rows(trader: Trader) -> None:
    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert trader.get(path).status_code == 200
        return len(captured)

    trader.ticket()
    few = {path: queries(path) for path in ("", "live/", "book/")}
    for number in range(5):
        trader.ticket(client_order_id=f"n{number}")
        trader.ticket(client_order_id=f"l{number}", type="LIMIT", limit_price="1000")
    assert {path: queries(path) for path in few} == few
    assert few["live/"] <= 10


def test_who_may_only_watch_sees_no_ticket_and_no_buttons(trader: Trader) -> None:
    trader.ticket(type="LIMIT", limit_price="1990")
    trader.ticket(client_order_id="two")
    watcher = User.objects.create_user("watcher")
    watcher.user_permissions.add(Permission.objects.get(codename="view_account"))
    trader.client.force_login(watcher)
    body = trader.get().content.decode()
    assert "You may watch this account, not trade it." in body
    assert "/cancel/" not in body
    assert "/close/" not in body
    before = trader.snapshot()
    refused = trader.ticket(client_order_id="three")
    assert (refused.status_code, "NOT_PERMITTED" in refused.content.decode()) == (422, True)
    assert trader.snapshot() == before


def test_everyone_signed_out_is_sent_to_sign_in_and_back(trader: Trader) -> None:
    trader.client.logout()
    assert trader.get().url == f"/sign-in/?next={trader.page}"
    fragment = trader.client.get(trader.page + "live/", headers={"HX-Request": "true", "HX-Current-URL": f"http://testserver{trader.page}"})
    assert fragment["HX-Redirect"] == f"/sign-in/?next={trader.page}"


def test_switcher_lists_own_and_managed_accounts_with_what_they_stand_at(trader: Trader) -> None:
    assert 'id="switcher"' not in trader.get().content.decode()
    second = trader.desk.account("12000")
    trader.desk.account(owner=User.objects.create_user("other"))
    trader.desk.buy(second, 1)
    assert 'id="switcher"' in trader.get().content.decode()
    body = " ".join(trader.get("accounts/", htmx=True).content.decode().split())
    assert f"/trade/{second.number}/" in body
    assert body.count('<a href="/trade/') == 2
    # 12,000 − 5 − (2000.50 − 2000.00) × 100 = 11,945.00 over 10,002.50: 119.4 %, below the warning at 120 %
    assert "11,945.00" in body
    assert "119.4 % call" in body
    with CaptureQueriesContext(connection) as few:
        trader.get("accounts/", htmx=True)
    for _ in range(3):
        trader.desk.account()
    with CaptureQueriesContext(connection) as many:
        trader.get("accounts/", htmx=True)
    assert len(many) == len(few)


def test_a_position_above_the_largest_order_is_closed_in_several(trader: Trader) -> None:
    big = trader.desk.account("2000000")
    for _ in range(3):
        trader.desk.buy(big, 40)
    trader.account = big
    form = _form(trader, "close-")
    answers = [trader.post("close/", **form) for _ in range(2)]
    assert "Sold 120 GOLD-TEST in 3 orders at 2,000 on average" in answers[0].content.decode()
    assert [answer.status_code for answer in answers] == [200, 200]
    closing = [order for order in trader.orders() if order.effect == "CLOSE"]
    assert [(order.quantity, order.status) for order in closing] == [(50, "FILLED"), (50, "FILLED"), (20, "FILLED")]
    assert [order.client_order_id for order in closing] == [f"{form['client_order_id']}-{n}" for n in (1, 2, 3)]
    assert funds(big).margin == 0


def test_a_split_close_that_is_refused_says_why_once(trader: Trader) -> None:
    big = trader.desk.account("2000000")
    for _ in range(2):
        trader.desk.buy(big, 40)
    trader.account = big
    trader.desk.at = trader.desk.at.replace(hour=13)
    before = trader.snapshot()
    refused = trader.post("close/", **_form(trader, "close-"))
    assert (refused.status_code, refused["HX-Retarget"]) == (422, "#notes")
    assert "STALE_QUOTE" in refused.content.decode()
    assert "Sold" not in refused.content.decode()
    assert trader.snapshot() == before


@pytest.mark.parametrize("typed", ["1,990.50", "1,990.5", " 1,990.50 "])
def test_numbers_are_read_as_the_page_shows_them(trader: Trader, typed: str) -> None:
    assert trader.ticket(type="LIMIT", limit_price=typed).status_code == 200
    assert trader.orders()[0].limit_price == Decimal("1990.5")
    assert (
        "–"
        not in trader.get("estimate/", htmx=True, instrument=trader.desk.gold.symbol, quantity="1", type="LIMIT", limit_price=typed).content.decode()
    )


@pytest.mark.parametrize("typed", ["1,5", "1,50", "1990,50", "1,9905", ",5", "1.990,50", "1,,000", "1,000,5"])
@pytest.mark.parametrize("field", ["quantity", "limit_price"])
def test_a_comma_that_groups_nothing_is_refused_with_help(trader: Trader, field: str, typed: str) -> None:
    before = trader.snapshot()
    response = trader.ticket(**{"type": "LIMIT", "limit_price": "1990", field: typed})
    assert response.status_code == 422
    assert "write decimals with a point (1.5)" in response.content.decode()
    assert (trader.snapshot(), trader.orders()) == (before, [])


def test_after_a_settlement_a_position_says_what_it_was_opened_at(trader: Trader) -> None:
    trader.ticket(quantity="2")
    assert "opened" not in trader.get("live/", htmx=True).content.decode()
    trader.desk.quote("2010.00", "2010.50")
    with trader.desk.now():
        settle(trader.desk.market.pk)
    body = trader.get("live/", htmx=True).content.decode()
    assert "opened 2,000.50" in body
    assert "Since the settlement at 2,010.25" in body


def test_a_suspended_account_says_so(trader: Trader) -> None:
    assert 'class="standing"' not in trader.get().content.decode()
    change_standing(trader.account.pk, "SUSPEND", reason="Calls not answered")
    for path in ("", "live/"):
        assert "Suspended by the desk." in trader.get(path).content.decode()


def test_the_book_says_which_version_it_shows(trader: Trader) -> None:
    trader.ticket()
    assert f'data-version="{funds(trader.account).version}"' in trader.get("book/", htmx=True).content.decode()


def _form(trader: Trader, prefix: str) -> dict[str, str]:
    body = trader.get("live/", htmx=True).content.decode()
    form = re.search(rf'<form id="{prefix}.*?</form>', body, re.S)[0]
    return dict(re.findall(r'name="([a-z_]+)" value="([^"]*)"', form))
