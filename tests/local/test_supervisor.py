"""The supervisor with real servers and three small processes."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.local.test_servers import wait_until
from tradingdesk.local import paths, processes
from tradingdesk.local.postgres import desk_cluster

pytestmark = pytest.mark.setup


class Desk:
    """A running tiny desk."""

    def __init__(self, var: Path) -> None:
        self.var = var
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = int(listener.getsockname()[1])
        self.output = var / "terminal"
        self.process = self.start()

    def start(self, port: int | None = None) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "tests.local.tiny_desk", "--port", str(port or self.port)]
        with paths.made(self.var).joinpath("terminal").open("ab") as terminal:
            return subprocess.Popen(command, cwd=paths.REPOSITORY, stdout=terminal, stderr=terminal, stdin=subprocess.DEVNULL)

    def text(self) -> str:
        return self.output.read_text()

    def children(self) -> dict[str, int]:
        record: dict[str, Any] = json.loads((self.var / "run" / "desk.json").read_text())
        return {name: pid for name, (pid, _) in record["children"].items()}

    def everybody(self) -> list[int]:
        return [pid for group in self.children().values() for pid in processes.group_members(group)]


@pytest.fixture
def desk(installation: Path) -> Iterator[Desk]:
    desk = Desk(installation)
    try:
        wait_until(lambda: f"Ready: http://127.0.0.1:{desk.port}" in desk.text())
        yield desk
    finally:
        desk.process.terminate()
        desk.process.wait(30)


def test_stops_everything_grandchildren_included(desk: Desk) -> None:
    wait_until(lambda: "parent     | parent is up" in desk.text())
    everybody = [*desk.everybody(), int(str(desk_cluster().state()["postgres"]))]
    desk.process.send_signal(signal.SIGINT)
    assert desk.process.wait(20) == 0
    assert [pid for pid in everybody if processes.is_alive(pid)] == []
    assert desk.text().rstrip().endswith("Stopped.")


def test_one_that_keeps_dying_is_started_again_and_the_others_run_on(desk: Desk) -> None:
    web = desk.children()["web"]
    wait_until(lambda: desk.text().count("dying      | dying") >= 2)
    assert "dying ended (exit code 3); it starts again in 0.5 s." in desk.text()
    assert processes.is_alive(web)


def test_killed_process_and_killed_redis_come_back(desk: Desk) -> None:
    before = desk.children()
    os.kill(before["web"], signal.SIGKILL)
    os.kill(before["redis"], signal.SIGKILL)
    wait_until(lambda: {desk.children().get(name) for name in ("web", "redis")}.isdisjoint(before.values()))
    assert "web ended (killed by SIGKILL)" in desk.text()


def test_killed_keeper_of_postgres_comes_back(desk: Desk) -> None:
    keeper = int(str(desk_cluster().state()["keeper"]))
    os.kill(keeper, signal.SIGKILL)
    wait_until(lambda: desk_cluster().state().get("keeper", keeper) != keeper and desk_cluster().is_ready())
    assert "The keeper of PostgreSQL was killed; starting it again." in desk.text()


def test_second_start_and_busy_port_are_one_line(desk: Desk) -> None:
    second = desk.start()
    assert second.wait(20) == 1
    assert f"The desk already runs at http://127.0.0.1:{desk.port} (process {desk.process.pid})." in desk.text()


def test_killed_supervisor_leaves_nothing_that_hinders_the_next(desk: Desk) -> None:
    wait_until(lambda: "parent     | parent is up" in desk.text())
    everybody, leaders = desk.everybody(), list(desk.children().values())
    desk.process.kill()
    desk.process.wait()
    wait_until(lambda: not any(processes.is_alive(pid) for pid in leaders))
    desk.output.write_text("")
    desk.process = desk.start()
    wait_until(lambda: "Ready: " in desk.text())
    assert "was killed; starting from what it left." in desk.text()
    assert [pid for pid in everybody if processes.is_alive(pid)] == []


def test_postgres_of_a_desk_survives_a_command_that_used_it(desk: Desk) -> None:
    pid = desk_cluster().state()["postgres"]
    with desk_cluster().held():
        pass
    assert desk_cluster().is_ready()
    assert desk_cluster().state()["postgres"] == pid
