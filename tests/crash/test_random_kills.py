"""SIGKILL of web, worker, market, cash and PostgreSQL itself at random instants during mixed trading."""

import os
import time
from pathlib import Path

import pytest

from tests.crash.campaign import Campaign
from tests.crash.desk import CrashDesk

KILLS, SOAK_KILLS = 20, 500
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
def test_five_hundred_kills(killable: CrashDesk, tmp_path: Path) -> None:
    run = campaign(killable, tmp_path, SOAK_KILLS)
    unsure = [ticket for ticket in run.tickets if ticket.is_unsure]
    assert {ticket.was_placed_unanswered for ticket in unsure} == {True, False}, (
        run.figures()
    )  # killed before the commit, and between commit and answer
