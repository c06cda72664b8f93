from pathlib import Path

import pytest

from tradingdesk.local import commands


def held(*arguments: str) -> int:
    return len(commands.servers(arguments[0], ["manage.py", *arguments]))


@pytest.mark.parametrize(
    ("arguments", "servers"),
    [(["help"], 0), (["check"], 0), (["check", "--database", "default"], 1), (["migrate"], 1), (["run_market"], 2), (["run_scenario", "a.yaml"], 1)],
)
def test_each_command_gets_the_servers_it_needs(installation: Path, arguments: list[str], servers: int) -> None:
    assert held(*arguments) == servers


def test_nothing_is_started_beside_given_servers(installation: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://a@b/c")
    monkeypatch.setenv("REDIS_URL", "redis://d")
    assert held("run_market") == 0


def test_dbshell_as_owner(installation: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_DB_ROLE", "app")
    monkeypatch.setenv("DATABASE_URL", "postgresql://a@b/c")
    arguments = ["manage.py", "dbshell", "--owner"]
    commands.prepare_dbshell(arguments)
    assert arguments == ["manage.py", "dbshell"]
    assert commands.os.environ["DESK_DB_ROLE"] == "owner"
