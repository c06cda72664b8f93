"""The margin sweep: each crossing recorded once, decided under the lock. Tier: watch 150 %, warning 120 %, liquidation 100 %; margin 5 %."""

from decimal import Decimal

import pytest

from accounts.services import states
from accounts.services.cash import post_cash
from risk.domain.ladder import Thresholds, rung
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
        ("0.00", MarginState.LIQUIDATION),
        ("-0.01", MarginState.DEFICIT),
        ("-5.00", MarginState.DEFICIT),
    ],
)
def test_thresholds_trigger_strictly_below(level: str | None, expected: MarginState) -> None:
    assert stands(level) == expected


def stands(level: str | None, before: MarginState = MarginState.NORMAL) -> MarginState:
    """With a margin of 100, so that the equity is the level."""
    value = Decimal(level) if level else None
    return rung(value, value or Decimal(0), Thresholds(Decimal(150), Decimal(120), Decimal(100)), before)


@pytest.mark.parametrize(
    ("before", "level", "expected"),
    [
        (MarginState.WATCH, "150.99", MarginState.WATCH),  # the way up waits for a whole point
        (MarginState.WATCH, "151.00", MarginState.NORMAL),
        (MarginState.WARNING, "120.99", MarginState.WARNING),
        (MarginState.WARNING, "121.00", MarginState.WATCH),
        (MarginState.LIQUIDATION, "100.99", MarginState.LIQUIDATION),
        (MarginState.LIQUIDATION, "101.00", MarginState.WARNING),
        (MarginState.LIQUIDATION, "150.50", MarginState.WATCH),  # a leap up: only the last threshold holds it
        (MarginState.DEFICIT, "0.99", MarginState.DEFICIT),
        (MarginState.DEFICIT, "1.00", MarginState.LIQUIDATION),
        (MarginState.NORMAL, "150.50", MarginState.NORMAL),  # coming from above, nothing is held
        (MarginState.WATCH, "119.99", MarginState.WARNING),  # the way down is told at once
        (MarginState.WATCH, None, MarginState.NORMAL),  # without margin nothing hovers
    ],
)
def test_a_state_is_left_upwards_a_point_above_its_threshold(before: MarginState, level: str | None, expected: MarginState) -> None:
    assert stands(level, before) == expected


def test_thresholds_less_than_a_point_apart_never_make_a_rise_worse() -> None:
    close = Thresholds(Decimal("100.4"), Decimal("100.2"), Decimal(100))
    assert rung(Decimal("100.3"), Decimal(100), close, MarginState.WARNING) == MarginState.WARNING


@pytest.mark.parametrize(("equity", "expected"), [("-0.01", MarginState.DEFICIT), ("0.00", MarginState.NORMAL)])
def test_equity_below_zero_is_a_deficit_with_margin_or_without(equity: str, expected: MarginState) -> None:
    thresholds = Thresholds(Decimal(150), Decimal(120), Decimal(100))
    assert rung(None, Decimal(equity), thresholds) == expected
    assert rung(None, Decimal(equity), thresholds, MarginState.DEFICIT) == expected
    assert rung(Decimal("0.00"), Decimal("-0.01"), thresholds) == MarginState.DEFICIT  # too little to show in the level


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
def test_a_level_that_hovers_at_a_threshold_is_one_event(desk: Desk) -> None:
    account = desk.account("15000")
    desk.buy(account, 1)  # margin 10,002.50, balance 14,995.00
    # level (14,995 − (2000.50 − bid) × 100) ÷ 10,002.50: 149.91 % at 2000.50, 150.01 % at 2000.60, 150.91 % at 2001.50
    for bid in ("2000.50", "2000.60", "2000.55", "2001.50", "2000.50"):
        desk.quote(bid, "2001.60")
        sweep()
    assert list(RiskEvent.objects.filter(account=account).values_list("state", flat=True)) == [MarginState.WATCH]
    desk.quote("2001.60", "2002.00")  # (14,995 + 110) ÷ 10,002.50 = 151.01 %
    assert sweep() == 1
    assert RiskEvent.objects.latest("id").state == MarginState.NORMAL


@pytest.mark.django_db
def test_an_account_that_lost_more_than_it_had_is_in_deficit_until_it_is_paid(desk: Desk) -> None:
    account = desk.account("11000")
    desk.buy(account, 1)  # balance 10,995.00
    for bid, ask in (("1940.00", "1940.50"), ("1880.00", "1880.50")):  # at once it would be a jump, and not dealt on
        desk.quote(bid, ask)
    desk.close_long(account)  # −12,050.00 and −5.00: balance −1,060.00, no lots
    assert (funds(account).balance, funds(account).margin) == (Decimal("-1060.00"), 0)
    assert sweep() == 1
    event = RiskEvent.objects.get(account=account)
    assert (event.state, event.margin_level, event.equity) == (MarginState.DEFICIT, None, Decimal("-1060.00"))
    assert sweep() == 0
    with desk.now():
        post_cash(account.pk, Decimal("1060.00"), reason="Deficit paid")
    assert sweep() == 1
    assert RiskEvent.objects.latest("id").state == MarginState.NORMAL
    assert sweep() == 0


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
