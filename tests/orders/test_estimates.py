"""What an order would freeze and cost. Gold: multiplier 100, margin 5 %, 5.00 a lot to open, 4.00 to close, 1.00 to close what was opened today."""

from datetime import date
from decimal import Decimal

import pytest

from orders.domain.estimates import Asked, estimate
from quotes.domain.dealing import Rates
from tests.accounts.builders import MONDAY, dealing, lot, state

D = Decimal
RATES = Rates(multiplier=D(100), margin_rate=D("0.05"), open_per_lot=D(5), close_per_lot=D(4), close_today_per_lot=D(1))
FRIDAY = date(2026, 2, 27)


@pytest.mark.parametrize(
    ("quantity", "is_closing", "margin", "fee"),
    [
        ("2", False, "20005.00", "10.00"),  # 2 × 2000.50 × 100 × 5 %, 2 × 5.00
        ("2", True, "0", "8.00"),
        ("4", True, "0", "13.00"),  # 3 carried, 1 of today
        ("9", True, "0", "14.00"),  # only 5 are open
        ("0.001", False, "10.01", "0.01"),  # 10.0025 rounded up, 0.005 rounded half up
    ],
)
def test_margin_and_fee(quantity: str, is_closing: bool, margin: str, fee: str) -> None:
    held = state(lots=[lot("3", trading_day=FRIDAY), lot("2", id=2)])
    asked = Asked("LONG", is_closing, D("2000.50"), D(quantity), MONDAY)
    found = estimate(asked, held, dealing(), RATES)
    assert (found.margin, found.fee) == (D(margin), D(fee))
    assert found.required == found.margin + found.fee
    assert found.tick_value == (D("1.00") * D(quantity)).quantize(D("0.01"))
