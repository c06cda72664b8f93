"""A machine per test worker, a desk per test: its database a copy of the migrated one, and this process's own connection pointed at it."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.crash import small_disk
from tests.crash.desk import CrashDesk, crash_desk
from tests.crash.machines import Machine, machine
from tradingdesk.local import paths, processes

TIMEOUT_SECONDS = 600
OF_A_RUN = ("crash-*", "full-*", "small-*")  # folders named by the process that made them


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test of a worker makes the machine, too: that is not to be cut short on a busy day."""
    for item in items:
        if item.path.parent == Path(__file__).parent and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TIMEOUT_SECONDS))


def clear_leftovers(var: Path) -> None:
    """Ends nobody: servers of a run that was killed end by themselves."""
    for folder in (found for pattern in OF_A_RUN for found in var.glob(pattern)):
        number = folder.name.rpartition("-")[2]
        if number.isdigit() and not processes.is_alive(int(number)):
            small_disk.clear(folder)
            for remembered in folder.glob("**/home"):
                shutil.rmtree(remembered.read_text().strip(), ignore_errors=True)
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def crash_machine() -> Iterator[Machine]:
    """Under `var`, as the servers' system user must reach it."""
    clear_leftovers(paths.var())
    with machine(paths.var() / f"crash-{os.getpid()}") as made:
        yield made


@pytest.fixture
def killable(crash_machine: Machine, django_db_blocker: Any) -> Iterator[CrashDesk]:
    """The desk that is killed; no process of it runs yet."""
    with django_db_blocker.unblock(), crash_desk(crash_machine) as desk:
        yield desk
