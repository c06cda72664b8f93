"""Every command of ours is run by a test."""

import re

import pytest

from tests.architecture.source import ROOT, sources

COMMANDS = sorted(
    s.path.rsplit("/", 1)[1].removesuffix(".py") for s in sources() if "/management/commands/" in s.path and not s.path.endswith("__init__.py")
)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_management_command_is_run_by_a_test(command: str) -> None:
    runs = re.compile(rf"""(call_command\(\s*|manage\.py["',\s]+)["']?{command}\b""")
    tests = [path for path in (ROOT / "tests").rglob("test_*.py") if "architecture" not in path.parts]
    assert any(runs.search(path.read_text()) for path in tests), f"no test runs manage.py {command}"


def test_there_are_commands() -> None:
    assert {"settle", "seed_demo", "run_market", "import_ticks"} <= set(COMMANDS)
