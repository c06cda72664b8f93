"""Template filters for figures; available in every template without loading."""

from decimal import Decimal
from typing import Any

from django import template

from tradingdesk.kernel import money as money_module

register = template.Library()
MINUS = "−"


@register.filter
def money(value: Any) -> str:
    """An amount with thousands separators and two decimals; a real minus sign; a dash for nothing."""
    if value is None or value == "":
        return "–"
    return f"{Decimal(value):,.2f}".replace("-", MINUS)


@register.filter
def signed(value: Any) -> str:
    """An amount that shows its plus sign too."""
    if value is None or value == "":
        return "–"
    return f"{Decimal(value):+,.2f}".replace("-", MINUS)


@register.filter
def price(value: Any, decimals: int = 3) -> str:
    """A price with the instrument's own number of decimals."""
    if value is None or value == "":
        return "–"
    return f"{Decimal(value):,.{int(decimals)}f}"


@register.filter
def quantity(value: Any) -> str:
    """A quantity without trailing zeros."""
    return money_module.text(Decimal(value)) or "–" if value not in (None, "") else "–"


@register.filter
def sign_class(value: Any) -> str:
    """`gain`, `loss` or nothing, for colour."""
    if value in (None, ""):
        return ""
    number = Decimal(value)
    return "gain" if number > 0 else "loss" if number < 0 else ""
