"""An installation of a test's own: an empty `var`, no DATABASE_URL, no REDIS_URL."""

import os
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tradingdesk.local import paths

_numbers = count(1)


@pytest.fixture
def installation(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Under `var`, not pytest's private temporary folder: the servers' system user could not reach that."""
    folder = paths.made(paths.var()) / f"local-{os.getpid()}-{next(_numbers)}"
    monkeypatch.setenv("DESK_VAR", str(folder))
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "SECRET_KEY", "DESK_DB_ROLE"):
        monkeypatch.delenv(name, raising=False)
    yield folder
    for remembered in folder.glob("**/home"):
        shutil.rmtree(remembered.read_text().strip(), ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
