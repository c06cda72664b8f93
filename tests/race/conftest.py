"""Races on real connections."""

import pytest

from orders.services import resting
from orders.services.setbacks import Setbacks


@pytest.fixture(autouse=True)
def no_setbacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Order ids recur from database to database, so what one test's orders went through must not hold back another's."""
    monkeypatch.setattr(resting, "setbacks", Setbacks())
