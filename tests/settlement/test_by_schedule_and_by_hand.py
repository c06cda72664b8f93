"""Settled by the clock (the task), by hand on a terminal (the command): the same service, its refusals told."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from settlement.exceptions import SettlementIncomplete, SettlementRunning
from settlement.models import SettlementRun
from settlement.services.run import settle
from settlement.tasks import settle_due_markets
from tests.factories.desk import MONDAY, Desk, make_desk
from tradingdesk.kernel import clock
from tradingdesk.schedules import SCHEDULES

pytestmark = pytest.mark.django_db


@pytest.fixture
def due(desk: Desk) -> list[Desk]:
    """Two markets whose Monday is over, and one that is settled by hand only."""
    other, by_hand = make_desk(market_code="OTHER"), make_desk(market_code="HAND")
    for each in (desk, other, by_hand):
        each.buy(each.account("100000"), 1)
    for each in (desk, other):
        each.market.settles_automatically = True
        each.market.save()
    return [desk, other, by_hand]


def test_the_task_settles_every_market_that_is_due_once(due: list[Desk]) -> None:
    with clock.fixed(MONDAY + timedelta(days=1)):
        assert settle_due_markets() == 2
        assert settle_due_markets() == 0
    runs = SettlementRun.objects.order_by("market_id")
    assert [(run.market_id, run.trading_day, run.status) for run in runs] == [(each.market.pk, MONDAY.date(), "DONE") for each in due[:2]]


@pytest.mark.parametrize("refusal", [SettlementRunning("Running."), SettlementIncomplete("One account.", accounts=[1])], ids=lambda r: r.code)
def test_a_market_that_fails_does_not_stop_the_others_and_is_due_again(due: list[Desk], refusal: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    failing = due[0].market.pk

    def sometimes(market_id: int, *args: object) -> SettlementRun:
        if market_id == failing:
            raise refusal
        return settle(market_id, *args)  # type: ignore[arg-type]

    with clock.fixed(MONDAY + timedelta(days=1)):
        with monkeypatch.context() as patched:
            patched.setattr("settlement.tasks.settle", sometimes)
            assert settle_due_markets() == 1
        assert settle_due_markets() == 1


def test_the_task_is_in_the_schedule_by_its_name() -> None:
    assert settle_due_markets.name in str(SCHEDULES)


def command(*arguments: str) -> str:
    out = StringIO()
    call_command("settle", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_prints_totals_and_the_proof(desk: Desk) -> None:
    desk.buy(desk.account("100000"), 2)
    with desk.now():
        printed = command("TEST", "--day", "2026-03-02")
    assert "TEST 2026-03-02 DONE: 1 accounts" in printed
    # 2 × (2000.25 − 2000.50) × 100 = −50.00 and 10.00 of fees
    assert "opening_balance=0 cash=100000 realised_pnl=0 holding_pnl=-50 fees=10 closing_balance=99940" in printed
    assert f"zero sum USD {desk.gold}: 0.00" in printed
    assert "zero sum USD cash: 0.00" in printed


def test_the_command_settles_the_current_day_and_twice_is_harmless(desk: Desk) -> None:
    with desk.now():
        assert command("TEST", "--day", "2026-03-02") == command("TEST", "--day", "2026-03-02")
        assert command("TEST") == command("TEST", "--day", "2026-03-02")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["NOWHERE"], "UNKNOWN_MARKET"),
        (["TEST", "--day", "2026-03-09"], "DAY_NOT_SETTLEABLE"),
        (["TEST", "--day", "yesterday"], "invalid fromisoformat value"),
        ([], "required: market"),
    ],
)
def test_the_command_refuses_in_one_line(desk: Desk, arguments: list[str], said: str) -> None:
    with desk.now(), pytest.raises(CommandError, match=said):
        command(*arguments)
    assert SettlementRun.objects.count() == 0
