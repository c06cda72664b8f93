"""Settlement prices: the last clean middle on the grid, else yesterday's; fixed once."""

from datetime import date
from decimal import Decimal

import pytest

from quotes.domain.settling import settlement_mid
from quotes.enums import SettlementMethod
from quotes.models import Market, SettlementPrice
from quotes.services.settlement_prices import fix
from quotes.services.ticks import record
from tests.quotes.desk import Gold, gold_market, tick
from tradingdesk.kernel.errors import NotFound

THURSDAY, FRIDAY, MONDAY = date(2014, 5, 1), date(2014, 5, 2), date(2014, 5, 5)


@pytest.mark.parametrize(
    ("bid", "ask", "tick_size", "price"),
    [
        ("1284.065", "1284.405", "0.001", "1284.235"),
        ("1284.065", "1284.406", "0.001", "1284.236"),  # 1284.2355, half up
        ("1284.0", "1284.1", "0.1", "1284.1"),  # 1284.05, half up
        ("1284.0", "1284.1", "0", "1284.05"),
        ("3.00", "3.24", "0.25", "3.00"),  # 3.12 is nearer to 3.00 than to 3.25
    ],
)
def test_the_middle_lies_on_the_grid(bid: str, ask: str, tick_size: str, price: str) -> None:
    assert settlement_mid(Decimal(bid), Decimal(ask), Decimal(tick_size)) == Decimal(price)


def priced_through(gold: Gold) -> date | None:
    return Market.objects.get(pk=gold.market).priced_through


def test_fixes_the_last_clean_middle_of_the_day(db: None) -> None:
    gold = gold_market()
    record(gold.market, gold.instrument, [tick(0, "1300"), tick(1, "1302"), tick(2, "1900"), tick(40_000, "1310")], "test")
    assert fix(gold.market, THURSDAY) == {gold.instrument: Decimal("1302.15")}  # not the jump, nor Friday's first tick at 23:06 UTC
    row = SettlementPrice.objects.get()
    assert (row.method, row.tick_seq) == (SettlementMethod.LAST_MID, 2)
    assert priced_through(gold) == THURSDAY


def test_without_a_quote_the_previous_settlement_stands(db: None) -> None:
    gold = gold_market()
    record(gold.market, gold.instrument, [tick(0, "1300")], "test")
    fix(gold.market, THURSDAY)
    assert fix(gold.market, FRIDAY) == {gold.instrument: Decimal("1300.15")}
    assert SettlementPrice.objects.get(trading_day=FRIDAY).method == SettlementMethod.PREVIOUS


def test_a_quote_after_the_prices_were_fixed_settles_the_day_it_is_dealt_for(db: None) -> None:
    gold = gold_market()
    record(gold.market, gold.instrument, [tick(0, "1300")], "test")
    fix(gold.market, THURSDAY)
    record(gold.market, gold.instrument, [tick(1, "1310")], "test")  # still Thursday by the calendar, and dealt at for Friday
    assert fix(gold.market, FRIDAY) == {gold.instrument: Decimal("1310.15")}
    row = SettlementPrice.objects.get(trading_day=FRIDAY)
    assert (row.method, row.tick_seq) == (SettlementMethod.LAST_MID, 2)
    assert fix(gold.market, MONDAY) == {gold.instrument: Decimal("1310.15")}
    assert SettlementPrice.objects.get(trading_day=MONDAY).method == SettlementMethod.PREVIOUS


def test_an_instrument_without_any_price_is_absent(db: None) -> None:
    gold = gold_market()
    assert fix(gold.market, THURSDAY) == {}
    assert priced_through(gold) == THURSDAY


def test_fixing_again_changes_nothing_and_never_goes_back(db: None) -> None:
    gold = gold_market()
    record(gold.market, gold.instrument, [tick(0, "1300")], "test")
    first = fix(gold.market, THURSDAY), fix(gold.market, FRIDAY)
    record(gold.market, gold.instrument, [tick(1, "1310")], "test")
    assert (fix(gold.market, THURSDAY), fix(gold.market, FRIDAY)) == first
    assert SettlementPrice.objects.count() == 2
    assert priced_through(gold) == FRIDAY


def test_another_markets_prices_are_not_seen(db: None) -> None:
    gold, other = gold_market(), gold_market("other")
    record(other.market, other.instrument, [tick(0, "1300")], "test")
    fix(other.market, THURSDAY)
    assert fix(gold.market, FRIDAY) == {}


def test_an_unknown_market_is_not_found(db: None) -> None:
    with pytest.raises(NotFound):
        fix(0, THURSDAY)
