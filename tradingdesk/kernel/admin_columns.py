"""How values look in the admin, by the kind of their field: amounts line up, states are badges, times show seconds, related rows are links.

`column` turns the name of a model field into a callable that Django takes in `list_display` and `readonly_fields` alike. The callable of a figure is
named `figure_<field>`, so that its heading and cell can be aligned by style sheet.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from unfold.utils import display_for_label

from tradingdesk.kernel import fields, money
from tradingdesk.kernel.templatetags import desk

EMPTY = "–"
DECIMAL = re.compile(r"-?\d+\.\d+|-?\d+(\.\d+)?[Ee][+-]?\d+", re.ASCII)  # a Decimal's own text; never an id
PRICE_DECIMALS = 3  # at least; a finer price shows all it has
FIGURE_FIELDS = (models.DecimalField, models.BigIntegerField, models.PositiveIntegerField)
HISTORY_TYPES = MappingProxyType({"+": "success", "~": "info", "-": "danger"})

Column = Callable[[Any], Any]
_names: dict[type[models.Model], Callable[[Any], str]] = {}


def named_in_links(model: type[models.Model], name: Callable[[Any], str]) -> None:
    """How rows of this model are called where other rows link to them; elsewhere, and for other models, `str`."""
    _names[model] = name


def link_text(row: models.Model) -> str:
    """A row's name in a link."""
    return _names.get(type(row), str)(row)


def price_text(value: Decimal) -> str:
    """All digits a price has, never fewer than PRICE_DECIMALS."""
    digits = money.text(value) or ""
    decimals = len(digits.partition(".")[2])
    return desk.price(value, max(PRICE_DECIMALS, decimals))


def figure_text(field: models.Field, value: Any) -> str:
    """A number as its kind is written."""
    if isinstance(field, fields.MoneyField):
        return desk.money(value)
    if isinstance(field, fields.PriceField):
        return price_text(value)
    if isinstance(field, fields.QuantityField):
        return desk.quantity(value)
    return desk.figure(value)


def figure(text: str, *, negative: bool = False) -> str:
    """A number, set right in tabular digits, red below zero."""
    return format_html('<span class="figure{}">{}</span>', " figure-negative" if negative else "", text)


def instant(value: datetime) -> str:
    """UTC on one line, with milliseconds where there are any."""
    fraction = f".{value.microsecond // 1000:03}" if value.microsecond else ""
    return format_html('<span class="instant">{}<small>{}</small></span>', f"{value:%Y-%m-%d %H:%M:%S}", fraction)


def badge(value: str, text: str, colours: Mapping[Any, str]) -> str:
    """A state, coloured as the table says."""
    return display_for_label((value, text), EMPTY, dict(colours) if value in colours else {value: None})


def link(row: models.Model | None) -> str:
    """The related row by its own name, linked to its page where it has one."""
    if row is None:
        return EMPTY
    try:
        url = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    except NoReverseMatch:
        return link_text(row)
    return format_html('<a class="text-link" href="{}">{}</a>', url, link_text(row))


def json_text(value: Any) -> str:
    """Readable JSON, its numbers as people write them; a dash for nothing."""
    return format_html('<pre class="json">{}</pre>', json.dumps(_readable(value), indent=2, sort_keys=True, default=str)) if value else EMPTY


def _readable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _readable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_readable(item) for item in value]
    return money.text(Decimal(value)) if isinstance(value, str) and DECIMAL.fullmatch(value) else value


def column(model: type[models.Model], name: Any, badges: Mapping[str, Mapping[Any, str]], *, detail: bool = False) -> Any:
    """The callable for a field of this model, or `name` itself where Django shows it well enough. `detail` turns JSON readable too."""
    if not isinstance(name, str):
        return name
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return name
    colours = badges.get(name)
    return _column(field, tuple(sorted(colours.items())) if colours is not None else None, detail) or name


@cache
def _column(field: Any, colours: tuple[tuple[str, str], ...] | None, detail: bool) -> Column | None:
    made = _renderer(field, None if colours is None else dict(colours), detail)
    if made is None:
        return None
    render, prefix = made

    def show(row: Any) -> Any:
        value = getattr(row, field.name)
        return EMPTY if value is None or value == "" else render(row, value)

    show.__name__ = f"{prefix}{field.name}"
    show.short_description = field.verbose_name  # type: ignore[attr-defined]
    show.admin_order_field = field.name  # type: ignore[attr-defined]
    show.wide = isinstance(field, models.JSONField)  # type: ignore[attr-defined]
    return show


def _renderer(field: Any, colours: dict[str, str] | None, detail: bool) -> tuple[Callable[[Any, Any], Any], str] | None:
    if colours is not None:
        return lambda row, value: badge(value, getattr(row, f"get_{field.name}_display")(), colours), ""
    if isinstance(field, models.JSONField):
        return (lambda row, value: json_text(value), "") if detail else None
    if isinstance(field, models.ForeignKey):
        return lambda row, value: link(value), ""
    if isinstance(field, models.DateTimeField):
        return lambda row, value: instant(value), ""
    if isinstance(field, models.DateField):
        return lambda row, value: format_html('<span class="instant">{}</span>', value.isoformat()), ""
    if isinstance(field, FIGURE_FIELDS) and not field.primary_key and not field.choices:
        return lambda row, value: figure(figure_text(field, value), negative=value < 0), "figure_"
    return None
