"""Numeric columns, one definition each: what a price, a quantity, an amount and a rate look like in the database."""

from decimal import Decimal
from typing import Any

from django import forms
from django.db import models

from tradingdesk.kernel import money


class PlainDecimalField(forms.DecimalField):
    """Shows a stored number as people write it: 100 for 100.0000, 0 for 0E-8."""

    def prepare_value(self, value: Any) -> Any:
        return money.text(value) if isinstance(value, Decimal) else value


class MoneyField(models.DecimalField):
    """An amount in the account's currency, to the cent."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_digits": 20, "decimal_places": 2, **kwargs})


class PriceField(models.DecimalField):
    """A price in currency per unit of the underlying (USD per troy ounce)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_digits": 20, "decimal_places": 6, **kwargs})

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": PlainDecimalField, **kwargs})


class QuantityField(models.DecimalField):
    """A number of lots (of instruments that allow it, a fraction of one)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_digits": 20, "decimal_places": 4, **kwargs})

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": PlainDecimalField, **kwargs})


class RateField(models.DecimalField):
    """A share of notional: 0.05 is five per cent."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_digits": 12, "decimal_places": 8, **kwargs})

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": PlainDecimalField, **kwargs})


class ImpliedKey(models.ForeignKey):
    """A reference that another key of the same row or a guard of its table already guarantees (an event's account is its order's): neither checked nor
    indexed once more.

    Every checked key costs a look-up and a lock on the referred row per inserted row; on the tables of facts that is most of the time.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"db_constraint": False, "db_index": False, "related_name": "+", **kwargs})
