"""All rounding of money happens here, and is named at the call.

Amounts are Decimal in units of the account's currency, kept to the cent; prices and quantities are exact Decimals. No float crosses a boundary:
text in, text out (`parse`, `text`).
"""

from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Context, Decimal, InvalidOperation

from tradingdesk.kernel.errors import InvalidRequest

ZERO = Decimal(0)
CENT = Decimal("0.01")
AVERAGE_PLACES = Decimal("0.00000001")
BASIS_PLACES = Decimal("0.000000000001")
MAX_DIGITS = 20  # of any number that comes in from outside; the numeric columns hold no more
WIDE = Context(prec=3 * MAX_DIGITS + 20)  # the product of three such numbers is still rounded and shown: it stands in the refusal of an absurd order


def cents_half_up(amount: Decimal) -> Decimal:
    """Rounds P&L and fees: to the nearest cent, half away from zero (rules/futures.md §4, rounding)."""
    return amount.quantize(CENT, ROUND_HALF_UP, WIDE)


def cents_up(amount: Decimal) -> Decimal:
    """Rounds what the client must put up (margin): never a cent too little."""
    return amount.quantize(CENT, ROUND_UP, WIDE)


def cents_down(amount: Decimal) -> Decimal:
    """Rounds a share of a freeze: what is left over stays with the rest, so that shares never exceed the whole."""
    return amount.quantize(CENT, ROUND_DOWN, WIDE)


def average_down(value: Decimal, quantity: Decimal) -> Decimal:
    """An average price to compute margin from: cut off after twelve decimals, so that rounding the margin up to the cent adds nothing to it."""
    return WIDE.divide(value, quantity).quantize(BASIS_PLACES, ROUND_DOWN, WIDE)


def average(price: Decimal | None) -> Decimal | None:
    """An average price as it is told: to eight decimals, half up. Nothing is computed from it."""
    return None if price is None else price.quantize(AVERAGE_PLACES, ROUND_HALF_UP, WIDE)


def parse(value: object, field: str) -> Decimal:
    """Reads a number from outside as an exact, finite Decimal of at most 20 digits; raises InvalidRequest naming the field."""
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise InvalidRequest(f"{field} must be a number, written as text.", field=field, value=str(value)[:64])
    try:
        number = Decimal(_plain(value.strip()) if isinstance(value, str) else value)
    except (InvalidOperation, ValueError):
        raise InvalidRequest(f"{field} is not a number.", field=field, value=str(value)[:64]) from None
    return _bounded(number, field)


def _plain(text: str) -> str:
    # Decimal itself would read 1_000 and the digits of every script.
    if not text.isascii() or "_" in text:
        raise ValueError(text)
    return text


def _bounded(number: Decimal, field: str) -> Decimal:
    if not number.is_finite():
        raise InvalidRequest(f"{field} must be a finite number.", field=field, value=str(number))
    _, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    if len(digits) + max(exponent, 0) > MAX_DIGITS or -exponent > MAX_DIGITS:
        raise InvalidRequest(f"{field} has more than {MAX_DIGITS} digits.", field=field, digits=len(digits), maximum=MAX_DIGITS)
    return number


def text(number: Decimal | None) -> str | None:
    """A Decimal as JSON text: no exponent, no trailing zeros; None stays None."""
    if number is None:
        return None
    if not number:
        return "0"  # a loss of less than half a cent rounds to -0.00
    plain = f"{number:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def on_grid(number: Decimal, step: Decimal) -> bool:
    """Whether a price lies on its tick, or a quantity on its step; a step of 0 allows every number."""
    return step == 0 or number % step == 0
