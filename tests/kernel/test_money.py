"""Numbers from outside are exact and finite or refused; rounding is where its name says; text is what a person would write."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradingdesk.kernel import money
from tradingdesk.kernel.errors import InvalidRequest

D = Decimal


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("1", "1"),
        (" 2000.50 ", "2000.50"),
        ("-0.01", "-0.01"),
        ("+7", "7"),
        (".5", "0.5"),
        ("1e3", "1000"),
        ("1E-6", "0.000001"),
        (12, "12"),
        (-3, "-3"),
        (D("19.99"), "19.99"),
        ("9" * 20, "9" * 20),
        ("0." + "1" * 20, "0." + "1" * 20),
        ("1e19", "1" + "0" * 19),
    ],
)
def test_reads_text_whole_numbers_and_decimals_exactly(value: object, number: str) -> None:
    assert money.parse(value, "price") == D(number)


@pytest.mark.parametrize("value", [1.5, 0.0, True, False, None, [], {}, b"1", (1,), object(), float("nan")])
def test_refuses_what_is_not_written_as_a_number(value: object) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        money.parse(value, "price")
    assert refusal.value.extra["field"] == "price"


@pytest.mark.parametrize("value", ["", " ", "abc", "1,5", "1 000", "1_000", "0x10", "--1", "1.2.3", "1e", "\x00", "٣", "１", "½", "1\x00"])
def test_refuses_text_that_is_no_plain_number(value: str) -> None:
    with pytest.raises(InvalidRequest, match="price is not a number"):
        money.parse(value, "price")


@pytest.mark.parametrize("value", ["NaN", "nan", "sNaN", "-NaN", "NaN123", "Infinity", "inf", "-Infinity", D("NaN"), D("sNaN"), D("Infinity")])
def test_refuses_what_is_not_finite(value: object) -> None:
    with pytest.raises(InvalidRequest):
        money.parse(value, "price")


@pytest.mark.parametrize("value", ["9" * 21, "1e20", "1e400", "1e999999", "1e-21", "1e-400", "0." + "1" * 21, 10**400, "1" * 5000, "0e30"])
def test_refuses_more_than_twenty_digits(value: object) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        money.parse(value, "price")
    assert refusal.value.extra["maximum"] == money.MAX_DIGITS


def test_a_long_refused_value_is_shown_cut() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        money.parse("x" * 100_000, "price")
    assert len(refusal.value.extra["value"]) == 64


@pytest.mark.parametrize(
    ("amount", "half_up", "up", "down"),
    [
        ("0.004", "0.00", "0.01", "0.00"),
        ("0.005", "0.01", "0.01", "0.00"),
        ("0.014999", "0.01", "0.02", "0.01"),
        ("-0.005", "-0.01", "-0.01", "0.00"),  # half away from zero, so that a gain and a loss of one size cancel
        ("1.00", "1.00", "1.00", "1.00"),
        ("2.675", "2.68", "2.68", "2.67"),  # a float would say 2.67
        ("10002.5", "10002.50", "10002.50", "10002.50"),
    ],
)
def test_rounding_does_what_its_name_says(amount: str, half_up: str, up: str, down: str) -> None:
    found = (money.cents_half_up(D(amount)), money.cents_up(D(amount)), money.cents_down(D(amount)))
    assert found == (D(half_up), D(up), D(down))
    assert all(rounded.as_tuple().exponent == -2 for rounded in found)


def test_amounts_beyond_every_column_are_still_rounded_and_shown() -> None:
    # What an absurd order would need (10^14 × 10^16 × 100) is computed before it is refused, and told in the refusal.
    amount = D(10) ** 32 + D("0.005")
    assert money.cents_half_up(amount) >= D(10) ** 32
    assert money.text(D(10) ** 32) == "1" + "0" * 32


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (None, None),
        (D("1E+3"), "1000"),
        (D("2000.500000"), "2000.5"),
        (D("0E-8"), "0"),
        (D("-0.00"), "0"),
        (D("-1.10"), "-1.1"),
        (D("0.000001"), "0.000001"),
        (D("1E-7"), "0.0000001"),
        (D("100"), "100"),
        (D("12345678901234567890.123456"), "12345678901234567890.123456"),
    ],
)
def test_text_has_no_exponent_and_no_trailing_zeros(number: Decimal | None, text: str | None) -> None:
    assert money.text(number) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**13), max_value=10**13, places=6))
def test_what_is_written_reads_back_as_the_same_number(number: Decimal) -> None:
    written = money.text(number)
    assert written is not None
    assert money.parse(written, "x") == number
    assert "E" not in written
    assert written != "-0"


@pytest.mark.parametrize(
    ("number", "step", "lies_on_it"),
    [
        ("2000.50", "0.01", True),
        ("2000.505", "0.01", False),
        ("2000.50", "0.10", True),
        ("2000.55", "0.10", False),
        ("499.90", "0.02", True),
        ("499.91", "0.02", False),
        ("1.000", "1", True),
        ("1.5", "1", False),
        ("-0.02", "0.01", True),
        ("0.123456789", "0", True),  # no grid
        ("99999999999999.999999", "0.000001", True),
    ],
)
def test_on_grid(number: str, step: str, lies_on_it: bool) -> None:
    assert money.on_grid(D(number), D(step)) is lies_on_it
