"""What an order would freeze and cost. Gold: multiplier 100, margin 5 %, 5.00 a lot to open, 4.00 to close."""

from decimal import Decimal

import pytest

from orders.domain.estimates import estimate
from quotes.domain.dealing import Dealing, Rates

RATES = Rates(multiplier=Decimal(100), margin_rate=Decimal("0.05"), open_per_lot=Decimal(5), close_per_lot=Decimal(4))
GOLD = Dealing(1, 1, "GOLD", "USD", True, 1, 10, Decimal(100), Decimal("0.01"), Decimal(1), None, False, None, (), (), None)


@pytest.mark.parametrize(
    ("quantity", "is_closing", "margin", "fee"),
    [
        ("2", False, "20005.00", "10.00"),  # 2 × 2000.50 × 100 × 5 %, 2 × 5.00
        ("2", True, "0", "8.00"),
        ("0.001", False, "10.01", "0.01"),  # 10.0025 rounded up, 0.005 rounded half up
    ],
)
def test_margin_and_fee(quantity: str, is_closing: bool, margin: str, fee: str) -> None:
    found = estimate(GOLD, RATES, price=Decimal("2000.50"), quantity=Decimal(quantity), is_closing=is_closing)
    assert (found.margin, found.fee) == (Decimal(margin), Decimal(fee))
    assert found.required == found.margin + found.fee
    assert found.tick_value == (Decimal("1.00") * Decimal(quantity)).quantize(Decimal("0.01"))
