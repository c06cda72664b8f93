"""Numeric columns, one definition each: what a price, a quantity, an amount and a rate look like in the database."""

from typing import Any

from django.db import models


class MoneyField(models.DecimalField):
    """An amount in the account's currency, to the cent."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_digits": 20, "decimal_places": 2, **kwargs})


class PriceField(models.DecimalField):
    """A price in currency per unit of the underlying (USD per troy ounce)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_digits": 20, "decimal_places": 6, **kwargs})


class QuantityField(models.DecimalField):
    """A number of lots (of instruments that allow it, a fraction of one)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_digits": 20, "decimal_places": 4, **kwargs})


class RateField(models.DecimalField):
    """A share of notional: 0.05 is five per cent."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_digits": 12, "decimal_places": 8, **kwargs})
