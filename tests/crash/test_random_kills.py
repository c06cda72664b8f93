"""SIGKILL of web, worker, market, cash and PostgreSQL itself at random instants during mixed trading."""

import os
import signal
import time
from pathlib import Path

import pytest
from django.db import connection

from tests.crash.campaign import Campaign, signed_in
from tests.crash.checks import broken_promises
from tests.crash.desk import CrashDesk, patient, send
from tests.crash.machines import until
from tests.crash.traders import Trader

KILLS, SOAK_KILLS = 20, 500
ATTEMPTS = 10  # PostgreSQL writes its log every 200 ms by itself
SEED = "CRASH_SEED"


def seed() -> int:
    """Another one each time; the one of a failure is in its message, and CRASH_SEED repeats it."""
    return int(os.environ.get(SEED) or time.time_ns() % 100_000)


def campaign(desk: CrashDesk, folder: Path, kills: int) -> Campaign:
    """The kills must have met something: requests that were cut off, transactions that were open."""
    run = Campaign(desk, seed(), folder)
    run.run(kills)
    print(run.figures())
    assert run.killed.total() == kills
    assert run.interrupting >= run.killed["web"] // 2, run.figures()
    assert run.inside.total() >= kills // 10, run.figures()
    return run


def test_whatever_is_killed_the_desk_goes_on_and_its_books_are_right(killable: CrashDesk, tmp_path: Path) -> None:
    campaign(killable, tmp_path, KILLS)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_five_hundred_kills(killable: CrashDesk, tmp_path: Path) -> None:
    run = campaign(killable, tmp_path, SOAK_KILLS)
    unsure = [ticket for ticket in run.tickets if ticket.is_unsure]
    assert {ticket.was_placed_unanswered for ticket in unsure} == {True, False}, (
        run.figures()
    )  # killed before the commit, and between commit and answer


def test_the_control_what_is_acknowledged_before_it_is_kept_is_missed(killable: CrashDesk) -> None:
    """PostgreSQL is told not to wait for its log before it says that a transaction is committed; then it is killed."""
    desk, books = killable, killable.books
    with desk.machine.owner(desk.database) as owner:
        owner.execute(f"ALTER DATABASE {desk.database} SET synchronous_commit = off")
    connection.close()
    for name in ("web", "market"):
        desk.start(name)
    until(desk.is_answering, what="the web process")
    until(lambda: desk.standing().last_seq > 5, what="the first ticks")
    trader = Trader(desk.port, signed_in(desk), [account.number for account in desk.accounts], books.gold.symbol, books.market.code, 3)
    for _ in range(ATTEMPTS):
        postmaster = desk.machine.postmaster
        trader.deal()
        send(postmaster, signal.SIGKILL)
        until(lambda pid=postmaster: desk.machine.cluster.state().get("postgres") not in {None, pid}, what="PostgreSQL")
        if patient(lambda: broken_promises(trader.tickets, [])):
            return
    raise AssertionError("whatever was acknowledged was there: the check is blind, or the log was written in time, again and again")
