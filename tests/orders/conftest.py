"""What stands in the way of orders, and the time that passes meanwhile."""

import pytest

from orders.services import resting
from orders.services.setbacks import Setbacks
from tests.orders.trouble import Time


@pytest.fixture(autouse=True)
def setbacks(monkeypatch: pytest.MonkeyPatch) -> Setbacks:
    """Order ids recur from database to database."""
    fresh = Setbacks()
    monkeypatch.setattr(resting, "setbacks", fresh)
    return fresh


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    """Stands still until the test moves it."""
    stands = Time()
    monkeypatch.setattr("tradingdesk.kernel.pauses.monotonic", stands)
    return stands
