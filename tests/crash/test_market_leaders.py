"""Two real market processes: the standby takes over from a leader that is killed or stands still, and one that comes back is fenced off."""

import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from orders.enums import OrderStatus
from orders.models import Order
from orders.services.placement import place_orders
from tests.crash.checks import wrong_books
from tests.crash.desk import CrashDesk, crash_desk
from tests.crash.machines import Machine, Process, until


@pytest.fixture
def desk(crash_machine: Machine, django_db_blocker: Any) -> Iterator[CrashDesk]:
    with django_db_blocker.unblock(), crash_desk(crash_machine, accounts=4) as made:
        made.machine.forks.log_of("market1").unlink(missing_ok=True)
        made.machine.forks.log_of("market2").unlink(missing_ok=True)
        yield made


def said(desk: CrashDesk, name: str, words: str) -> bool:
    """Whether the process has written this."""
    log = desk.machine.forks.log_of(name)
    return log.exists() and words in log.read_text()


def leading(desk: CrashDesk, name: str, **options: Any) -> Process:
    """A market process that leads, and has brought ticks."""
    process, seen = desk.start(name, **options), desk.standing().last_seq
    until(lambda: said(desk, name, "leading") and desk.standing().last_seq > seen, what="ticks")
    return process


def standing_by(desk: CrashDesk, name: str) -> None:
    """A second one, which waits."""
    desk.start(name)
    until(lambda: said(desk, name, "standing by"), what="the standby")


def rest_orders(desk: CrashDesk) -> None:
    """Limits around the price, in every account: some are met soon, some are not."""
    bid = desk.standing().bid
    assert bid is not None
    for account in desk.accounts:
        sides = [("BUY", -1), ("SELL", 1)]
        requests = [desk.books.request(account, side, 1, f"{bid + way * away:.2f}") for side, way in sides for away in (1, 3, 200)]
        assert not any(outcome.is_denied for outcome in place_orders(requests))


def ticks_go_on(desk: CrashDesk, *, by: int = 60) -> None:
    """So many more come, and are seen by every order."""
    seen = desk.standing().last_seq
    until(lambda: desk.standing().evaluated_seq > seen + by, what="more ticks")


def assert_all_is_well(desk: CrashDesk) -> None:
    """No tick is missing or doubled, and no resting order missed one."""
    assert wrong_books(desk.market_id) == {}
    resting = Order.objects.filter(status=OrderStatus.WORKING)
    until(lambda: not resting.filter(taken_up=False).exists(), what="new orders to be taken up")


def test_a_standby_takes_over_from_a_leader_that_is_killed(desk: CrashDesk) -> None:
    leading(desk, "market1")
    standing_by(desk, "market2")
    for leader, standby in (("market1", "market2"), ("market2", "market1")):
        rest_orders(desk)
        epoch, began = desk.standing().leader_epoch, time.monotonic()
        desk.kill(leader)
        until(lambda epoch=epoch: desk.standing().leader_epoch == epoch + 1, what="a new leader")
        assert time.monotonic() - began < 5
        ticks_go_on(desk)
        assert_all_is_well(desk)
        desk.machine.forks.log_of(leader).unlink()
        standing_by(desk, leader)
        assert standby in desk.running
    assert Order.objects.filter(status=OrderStatus.FILLED).exists()


def test_a_leader_that_stands_still_is_replaced_and_fenced_off_when_it_goes_on(desk: CrashDesk) -> None:
    frozen = leading(desk, "market1", defects=("impatient",))
    standing_by(desk, "market2")
    rest_orders(desk)
    freeze_between_transactions(desk, frozen)
    until(lambda: desk.standing().leader_epoch == 2, what="a new leader")
    ticks_go_on(desk)
    rest_orders(desk)
    frozen.signal(signal.SIGCONT)
    until(lambda: said(desk, "market1", "away (LockLost)") or said(desk, "market1", "led from here no longer"), what="the former leader's word")
    ticks_go_on(desk)
    assert desk.standing().leader_epoch == 2
    until(lambda: said(desk, "market1", "standing by"), what="the former leader to stand by")
    assert_all_is_well(desk)
    desk.kill("market2")
    until(lambda: desk.standing().leader_epoch == 3, what="the former leader to lead again")
    ticks_go_on(desk)
    assert_all_is_well(desk)


def freeze_between_transactions(desk: CrashDesk, process: Process) -> None:
    """Inside one, PostgreSQL lets go of its locks only after 20 seconds (settings.SESSION): too long for a test."""

    def frozen() -> bool:
        process.signal(signal.SIGSTOP)
        if not desk.is_inside("market1"):
            return True
        process.signal(signal.SIGCONT)
        return False

    until(frozen, what="a moment between two transactions")


def test_orders_that_came_while_nobody_led_are_taken_up_and_get_their_ticks(desk: CrashDesk) -> None:
    leading(desk, "market1")
    desk.kill("market1")
    rest_orders(desk)
    assert not Order.objects.filter(taken_up=True).exists()
    leading(desk, "market2")
    until(lambda: Order.objects.filter(status=OrderStatus.FILLED).exists(), what="a fill")
    ticks_go_on(desk)
    assert_all_is_well(desk)
