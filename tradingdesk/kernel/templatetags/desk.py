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
    """An amount that shows its plus sign too; nothing has no sign."""
    if value is None or value == "":
        return "–"
    text = f"{Decimal(value):+,.2f}"
    return "0.00" if text in {"+0.00", "-0.00"} else text.replace("-", MINUS)


@register.filter
def price(value: Any, decimals: int = 3) -> str:
    """A price with the instrument's own number of decimals."""
    if value is None or value == "":
        return "–"
    return f"{Decimal(value):,.{int(decimals)}f}"


@register.filter
def asked_price(value: Any, decimals: int = 3) -> str:
    """A price as somebody asked for it: with all its own decimals, where they are more than the instrument's."""
    if value is None or value == "":
        return "–"
    own = Decimal(value).normalize().as_tuple().exponent
    return price(value, max(int(decimals), -own if isinstance(own, int) else 0))


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


@register.filter
def words(name: str) -> str:
    """A key as people say it: `limit_price` → limit price."""
    return str(name).replace("_", " ")


@register.filter
def figure(value: Any) -> str:
    """A number of a refusal with thousands separators and only its own decimals; anything else as it is."""
    try:
        plain = money_module.text(Decimal(value)) if not isinstance(value, bool) else None
    except (ArithmeticError, TypeError, ValueError):
        plain = None
    if plain is None or "N" in plain or "I" in plain:
        return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    whole, point, fraction = plain.partition(".")
    return f"{int(whole):,}{point}{fraction}".replace("-", MINUS) if not plain.startswith("-0") else plain.replace("-", MINUS)


@register.filter
def number(value: Any) -> str:
    """A bare number for scripts: no separators."""
    return money_module.text(Decimal(value)) or "" if value not in (None, "") else ""
