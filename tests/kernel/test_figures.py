"""Figures as people read them: real minus signs, grouped digits, nothing rounded that somebody typed."""

from decimal import Decimal
from typing import Any

import pytest

from tradingdesk.kernel.templatetags import desk


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (desk.money(Decimal("-1234.5")), "−1,234.50"),
        (desk.money(None), "–"),
        (desk.signed(Decimal("0.5")), "+0.50"),
        (desk.price(Decimal("2000.5"), 3), "2,000.500"),
        (desk.asked_price(Decimal("2400.000500"), 3), "2,400.0005"),
        (desk.asked_price(Decimal("2400"), 2), "2,400.00"),
        (desk.number(Decimal("2400.500000")), "2400.5"),
        (desk.words("limit_price"), "limit price"),
    ],
)
def test_shows(shown: str, expected: str) -> None:
    assert shown == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("100050", "100,050"),
        ("-1999.995", "−1,999.995"),
        ("-0.5", "−0.5"),
        (7, "7"),
        ("NaN", "NaN"),
        (True, "True"),
        (None, "None"),
        ("GOLD", "GOLD"),
        (["BUY", "SELL"], "BUY, SELL"),
        ("2026-03-02T12:00:00+00:00", "2026-03-02T12:00:00+00:00"),
    ],
)
def test_shows_the_numbers_of_a_refusal_as_they_are(value: Any, expected: str) -> None:
    assert desk.figure(value) == expected
