"""What the trader sees of orders that one quote does not fill. Gold quoted 2000.00 / 2000.50, margin 5 %, fee 5.00 a lot, 100,000 in the account."""

import re
from typing import Any

import pytest

from tests.factories.desk import funds
from tests.pages.conftest import Trader
from tests.pages.test_trade import _form

pytestmark = pytest.mark.django_db


def words(response: Any) -> str:
    """What stands in the answer, without its tags."""
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


@pytest.mark.parametrize(
    ("quantity", "fields", "sentence"),
    [
        ("2", {"type": "MARKET"}, "At one quote all 2"),
        ("5", {"type": "MARKET"}, "At one quote 2 of 5, the rest is canceled"),
        ("5", {"type": "LIMIT", "limit_price": "1990", "time_in_force": "GTC"}, "At one quote 2 of 5, the rest waits"),
        ("5", {"type": "LIMIT", "limit_price": "1990", "time_in_force": "IOC"}, "At one quote 2 of 5, the rest is canceled"),
    ],
)
def test_the_ticket_says_what_one_quote_gives(trader: Trader, quantity: str, fields: dict[str, str], sentence: str) -> None:
    trader.desk.cap(2)
    shown = trader.get("estimate/", htmx=True, instrument=trader.desk.gold.symbol, side="BUY", quantity=quantity, **fields)
    assert sentence in words(shown)
    assert "At one quote –" in words(trader.get())
    trader.desk.cap(None)
    uncapped = trader.get("estimate/", htmx=True, instrument=trader.desk.gold.symbol, side="BUY", quantity=quantity, **fields)
    assert "At one quote" not in words(uncapped) + words(trader.get())


def test_a_market_ticket_says_what_it_got_and_that_the_rest_is_canceled(trader: Trader) -> None:
    trader.desk.cap(2)
    response = trader.ticket(quantity="5")
    symbol = trader.desk.gold.symbol
    assert response.status_code == 200
    assert f"Bought 2 of 5 {symbol} at 2,000.5; this quote gave no more, the rest is canceled" in words(response)
    assert "2 of 5 – 2,000.50 Canceled Could not be filled now" in words(trader.get("book/", htmx=True))


def test_a_limit_ticket_says_what_it_got_and_the_book_shows_what_waits(trader: Trader) -> None:
    trader.desk.cap(2)
    response = trader.ticket(quantity="5", type="LIMIT", limit_price="2001", time_in_force="GTC")
    assert f"Bought 2 of 5 {trader.desk.gold.symbol} at 2,000.5; the rest is working at 2001" in words(response)
    # frozen 5 × 2001.00 × 100 × 5 % + 25.00 = 50,050.00, of which three lots still hold 30,030.00
    [order] = trader.orders()
    row = re.search(rf'<tr id="working-{order.pk}".*?</tr>', trader.get("book/", htmx=True).content.decode(), re.S)
    assert row
    assert 'data-lots="3"' in row[0]
    assert 'title="Margin 30,015.00, fee 15.00"' in row[0]
    assert [f"{part}" for part in ("2 of 5", "2,000.50", "30,030.00") if part not in row[0]] == []
    trader.desk.quote("1999.00", "1999.50")
    trader.desk.quote("1999.00", "1999.50")
    assert "No working orders." in trader.get("book/", htmx=True).content.decode()
    assert funds(trader.account).frozen == 0


def test_a_close_that_one_quote_does_not_fill_says_what_is_left(trader: Trader) -> None:
    trader.ticket(quantity="4")
    trader.desk.cap(3)
    answer = trader.post("close/", **_form(trader, "close-"))
    assert answer.status_code == 200
    assert f"Sold 3 of 4 {trader.desk.gold.symbol} at 2,000" in words(answer)
    trader.desk.quote("2000.00", "2000.50")
    assert f"Sold 1 {trader.desk.gold.symbol}" in words(trader.post("close/", **_form(trader, "close-")))
    assert funds(trader.account).margin == 0


def test_a_split_close_that_one_quote_does_not_fill_says_what_is_left(trader: Trader) -> None:
    big = trader.desk.account("2000000")
    for _ in range(3):
        trader.desk.buy(big, 40)
    trader.account = big
    trader.desk.cap(15)
    answer = trader.post("close/", **_form(trader, "close-"))
    # 50, 50 and 20 lots get 15 each
    assert answer.status_code == 200
    assert "Sold 45 GOLD-TEST in 3 orders at 2,000 on average; 75 are left: close again." in words(answer)
