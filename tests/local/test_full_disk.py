"""A `var` without a byte left: the supervisor, PostgreSQL's keeper and the log carry on, and write again once they can."""

import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.crash.small_disk import filled, small_disk
from tests.local.test_servers import wait_until
from tests.local.test_supervisor import Desk
from tradingdesk.local import leftovers, output, paths
from tradingdesk.local.output import Log
from tradingdesk.local.postgres import desk_cluster

pytestmark = pytest.mark.setup
ROOM_MEGABYTES = 256  # a cluster and its log


@pytest.fixture
def small_installation(installation: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """As `installation`, on a disk of its own."""
    with small_disk(installation / "disk", ROOM_MEGABYTES) as disk:
        monkeypatch.setenv("DESK_VAR", str(disk))
        yield disk


def test_a_log_without_room_loses_lines_and_nothing_else(small_installation: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log()
    log.say("before")
    monkeypatch.setattr(output, "LOG_LIMIT_BYTES", 10_000)
    with filled(small_installation):
        for number in range(2_000):
            log.line("web", f"line {number}")
        leftovers.write(8000, {"web": os.getpid()})
    for number in range(200):
        log.line("web", f"later {number}")
    kept = "".join(file.read_text() for file in sorted(log.file.parent.glob("desk.log*"), reverse=True))
    assert "later 199" in kept
    assert leftovers.read() == {}


def test_a_log_that_could_not_be_opened_again_is_opened_later(small_installation: Path) -> None:
    log = Log()
    log.stream.close()
    log.file.unlink()
    log.file.mkdir()  # nothing can be opened there
    log.say("lost")
    log.file.rmdir()
    log.say("kept")
    assert "kept" in log.file.read_text()


class DeskElsewhere(Desk):
    """Its terminal is not on the small disk."""

    def __init__(self, var: Path, terminal: Path) -> None:
        self.terminal = terminal
        super().__init__(var)
        self.output = terminal

    def start(self, port: int | None = None) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "tests.local.tiny_desk", "--port", str(port or self.port)]
        with self.terminal.open("ab") as terminal:
            return subprocess.Popen(command, cwd=paths.REPOSITORY, stdout=terminal, stderr=terminal, stdin=subprocess.DEVNULL)

    def answers(self) -> bool:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=2) as response:
            return response.status == 200
        return False


@pytest.fixture
def desk(small_installation: Path, tmp_path: Path) -> Iterator[DeskElsewhere]:
    desk = DeskElsewhere(small_installation, tmp_path / "terminal")
    try:
        wait_until(lambda: "Ready: " in desk.text(), 60)
        yield desk
    finally:
        desk.process.terminate()
        desk.process.wait(30)
        shutil.rmtree(small_installation / "postgres", ignore_errors=True)


def test_a_desk_whose_var_is_full_starts_again_what_dies(desk: DeskElsewhere, small_installation: Path) -> None:
    web, postgres = desk.children()["web"], int(str(desk_cluster().state()["postgres"]))
    with filled(small_installation):
        os.kill(web, signal.SIGKILL)
        wait_until(lambda: "web ended (killed by SIGKILL)" in desk.text() and desk.answers())
        os.kill(postgres, signal.SIGKILL)
        ends = desk.text().count("dying ended")
        wait_until(lambda: desk.text().count("dying ended") > ends, 40)
        assert desk.process.poll() is None
    wait_until(lambda: desk_cluster().is_ready() and desk_cluster().state()["postgres"] != postgres, 40)
    assert desk.answers()
    os.kill(desk.children()["redis"], signal.SIGKILL)
    wait_until(lambda: "redis ended (killed by SIGKILL)" in (small_installation / "log" / "desk.log").read_text())
