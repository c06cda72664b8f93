"""The margin sweep: each crossing recorded once, decided under the lock. Tier: watch 150 %, warning 120 %, liquidation 100 %; margin 5 %."""

from decimal import Decimal

import pytest

from accounts.services import states
from risk.domain.ladder import rung
from risk.enums import MarginState
from risk.models import RiskEvent
from risk.services import monitoring
from risk.services.monitoring import sweep
from tests.factories.books import assert_books_are_right
from tests.factories.desk import Desk, funds
from tradingdesk.kernel.errors import LockTimeout


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        (None, MarginState.NORMAL),
        ("150.00", MarginState.NORMAL),  # strictly below: at the threshold nothing happens
        ("149.99", MarginState.WATCH),
        ("120.00", MarginState.WATCH),
        ("119.99", MarginState.WARNING),
        ("100.00", MarginState.WARNING),
        ("99.99", MarginState.LIQUIDATION),
        ("-5.00", MarginState.LIQUIDATION),
    ],
)
def test_thresholds_trigger_strictly_below(level: str | None, expected: MarginState) -> None:
    value = Decimal(level) if level else None
    assert rung(value, watch=Decimal(150), warning=Decimal(120), liquidation=Decimal(100)) == expected


@pytest.mark.django_db
def test_each_crossing_is_recorded_once_with_its_figures(desk: Desk) -> None:
    account = desk.account("15000")
    desk.buy(account, 1)  # margin 10,002.50, balance 14,995.00
    desk.quote("1990.00", "1990.50")
    # equity 14,995 − (2000.50 − 1990.00) × 100 = 13,945.00; level 13,945.00 ÷ 10,002.50 = 139.42 %
    assert sweep() == 1
    event = RiskEvent.objects.get(account=account)
    assert (event.state_before, event.state) == (MarginState.NORMAL, MarginState.WATCH)
    assert (event.margin_level, event.equity, event.margin) == (Decimal("139.42"), Decimal("13945.00"), Decimal("10002.50"))
    assert event.account_version == funds(account).version
    assert sweep() == 0


@pytest.mark.django_db
def test_the_way_down_and_back_up_is_one_event_a_step(desk: Desk) -> None:
    account = desk.account("15000")
    desk.buy(account, 1)
    for bid, ask in [("1990.00", "1990.50"), ("1965.00", "1965.50"), ("1940.00", "1940.50"), ("2000.00", "2000.50")]:
        desk.quote(bid, ask)
        sweep()
    desk.close_long(account)
    sweep()
    steps = list(RiskEvent.objects.filter(account=account).order_by("id").values_list("state", flat=True))
    assert steps == [MarginState.WATCH, MarginState.WARNING, MarginState.LIQUIDATION, MarginState.WATCH, MarginState.NORMAL]
    assert_books_are_right()


@pytest.mark.django_db
def test_an_account_without_a_position_is_not_watched(desk: Desk) -> None:
    desk.account("10")
    assert sweep() == 0
    assert not RiskEvent.objects.exists()


@pytest.mark.django_db
def test_one_busy_account_does_not_stop_the_others(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    busy, other = desk.account("15000"), desk.account("15000")
    desk.buy(busy, 1)
    desk.buy(other, 1)
    desk.quote("1990.00", "1990.50")

    def refuse(ids: list[int]) -> states.Locked:
        if ids == [busy.pk]:
            raise LockTimeout("busy")
        return states.lock_states(ids)

    monkeypatch.setattr(monitoring, "lock_states", refuse)
    assert sweep() == 1
    assert RiskEvent.objects.get().account == other
