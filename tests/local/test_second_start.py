"""A second start says who is there, and never names a process that is not."""

import os
from pathlib import Path

import pytest

from tradingdesk.local import LocalError, leftovers, locks, paths, supervisor

DEAD = 2**22 + 1  # above the kernel's highest process number


def lock_file() -> Path:
    return paths.made(paths.made(paths.var()) / "run") / "desk.lock"


def refusal() -> str:
    with pytest.raises(LocalError) as refused:
        supervisor.take_installation()
    return str(refused.value)


def test_the_holder_stands_in_the_lock_and_is_named_with_its_address(installation: Path) -> None:
    lock = supervisor.take_installation()
    assert lock_file().read_text() == str(os.getpid())
    assert refusal() == f"The desk is being started already (process {os.getpid()})."
    leftovers.write(8123, {})
    assert refusal() == f"The desk already runs at http://127.0.0.1:8123 (process {os.getpid()})."
    os.close(lock)
    os.close(supervisor.take_installation())


def test_the_record_of_a_run_that_was_killed_names_nobody(installation: Path) -> None:
    lock_file().write_text(str(DEAD))  # as the killed one left it
    leftovers.write(8123, {})
    leftovers.record_file().write_text(leftovers.record_file().read_text().replace(str(os.getpid()), str(DEAD)))
    with locks.taken(lock_file()):
        assert refusal() == "The desk is being started already."
