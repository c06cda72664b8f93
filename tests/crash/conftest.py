"""A machine per test worker, a desk per test: its database a copy of the migrated one, and this process's own connection pointed at it."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.crash.desk import CrashDesk, crash_desk
from tests.crash.machines import Machine, machine
from tradingdesk.local import paths


@pytest.fixture(scope="session")
def crash_machine() -> Iterator[Machine]:
    """Under `var`, as the servers' system user must reach it."""
    with machine(paths.var() / f"crash-{os.getpid()}") as made:
        yield made


@pytest.fixture
def killable(crash_machine: Machine, django_db_blocker: Any) -> Iterator[CrashDesk]:
    """The desk that is killed; no process of it runs yet."""
    with django_db_blocker.unblock(), crash_desk(crash_machine) as desk:
        yield desk
