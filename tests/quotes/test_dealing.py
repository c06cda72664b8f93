"""Rates by day, the price margin is computed at (rules/futures.md §5.2), and which quote values a position."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotes.domain.dealing import Rates, Schedule, Tape
from tests.accounts.builders import MONDAY, dealing, quote

D = Decimal
FRIDAY, TUESDAY = MONDAY - timedelta(days=3), MONDAY + timedelta(days=1)
TRADED = Tape(D("501.00"), D(3), D("1500.00"))  # three lots at 500.00 on average
UNSIZED = Tape(D("501.00"))


@pytest.mark.parametrize(
    ("basis", "tape", "price"),
    [
        ("ORDER_PRICE", TRADED, "499.00"),
        ("PREVIOUS_SETTLEMENT", TRADED, "490.00"),
        ("LAST", TRADED, "501.00"),
        ("AVERAGE", TRADED, "500.00"),
        ("AVERAGE", UNSIZED, "501.00"),  # no trade of known size yet: as LAST
    ],
)
def test_margin_is_computed_at_what_the_basis_says(basis: str, tape: Tape, price: str) -> None:
    found = dealing(quote("500", "502"), margin_basis=basis, previous_settlement=D(490), priced_through=FRIDAY, tape=tape)
    assert found.margin_price(D("499.00")) == D(price)


@pytest.mark.parametrize("basis", ["LAST", "AVERAGE"])
def test_prices_of_a_day_that_is_priced_are_not_this_days(basis: str) -> None:
    found = dealing(quote("500", "502"), margin_basis=basis, previous_settlement=D(490), priced_through=MONDAY, tape=TRADED)
    assert found.margin_price(D("499.00")) == D(490)


@pytest.mark.parametrize("basis", ["PREVIOUS_SETTLEMENT", "LAST", "AVERAGE"])
def test_without_any_price_margin_is_computed_at_the_orders_own(basis: str) -> None:
    assert dealing(None, margin_basis=basis).margin_price(D("499.00")) == D("499.00")


@given(turnover=st.decimals(1, 10**9, places=2), volume=st.decimals(D("0.01"), 10**5, places=2), multiplier=st.sampled_from([1, 3, 1000]))
def test_the_margin_of_an_average_is_that_of_turnover_over_volume_to_the_cent(turnover: Decimal, volume: Decimal, multiplier: int) -> None:
    average = Tape(volume=volume, turnover=turnover).average
    assert average is not None
    margin = Rates(D(multiplier), margin_rate=D("0.10")).margin(average, D(1))
    # Compared without division: the smallest number of cents that is not below turnover ÷ volume × multiplier × 10 %, cut off after twelve decimals.
    assert (margin - D("0.01")) * volume * 10 < turnover * multiplier <= margin * volume * 10 + volume * D("1E-7")


def test_the_rates_of_a_day_are_those_in_force_and_the_tiers_factor_raises_all_margins() -> None:
    margins = (
        Schedule(MONDAY, (("margin_rate", D("0.10")), ("margin_per_lot", D(8)), ("maintenance_per_lot", D(6)), ("is_larger_side", D(1)))),
        Schedule(FRIDAY, (("margin_rate", D("0.05")), ("margin_per_lot", D(0)), ("maintenance_per_lot", D(0)), ("is_larger_side", D(0)))),
    )
    gold = dealing(product="AU", margins=margins)
    assert gold.rates_on(FRIDAY) == Rates(D(100), margin_rate=D("0.05"))
    monday = gold.rates_on(MONDAY, D("1.5"))
    assert (monday.margin_rate, monday.margin_per_lot, monday.maintenance_per_lot) == (D("0.15"), D(12), D(9))
    assert (monday.margin_group, gold.rates_on(FRIDAY).margin_group, gold.rates_on(date(2000, 1, 1)).margin_group) == ("AU", "", "")


def test_the_copy_an_order_carries_is_read_back_and_older_ones_too() -> None:
    rates = Rates(D(100), margin_rate=D("0.05"), maintenance_per_lot=D(6), margin_group="AU")
    assert Rates.from_json(rates.as_json()) == rates
    older = {name: text for name, text in rates.as_json().items() if name not in ("maintenance_per_lot", "margin_group")}
    assert Rates.from_json(older) == Rates(D(100), margin_rate=D("0.05"))


@pytest.mark.parametrize(("settled", "mark"), [(None, "500"), (FRIDAY, "500"), (MONDAY, None), (TUESDAY, None)])
def test_a_quote_of_a_day_that_is_settled_values_nothing(settled: date | None, mark: str | None) -> None:
    assert dealing(quote("500", "502")).mark(is_long=True, settled_through=settled) == (mark and D(mark))


def test_a_position_is_valued_at_the_side_it_would_close_at() -> None:
    found = dealing(quote("500", "502"))
    assert [found.mark(is_long=is_long, settled_through=None) for is_long in (True, False)] == [D(500), D(502)]
    assert dealing(None).mark(is_long=True, settled_through=None) is None
