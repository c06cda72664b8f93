"""A running desk and a browser in front of it: a database and a Redis of the test's own, web and market as real processes."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.conftest import database_of_its_own
from tradingdesk.local.redis import Redis

ROOT = Path(__file__).resolve().parent.parent.parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
START_SECONDS = 60
STOP_SECONDS = 10


@dataclass
class RunningDesk:
    """Addresses, logins and processes of one desk."""

    port: int
    environment: dict[str, str]
    var: Path
    web: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def login(self, role: str) -> tuple[str, str]:
        """User name and password of a role, as seed_demo wrote them."""
        entry = json.loads((self.var / "secrets" / "logins.json").read_text())[role]
        return entry["username"], entry["password"]

    def manage(self, *arguments: str) -> None:
        """Runs a management command to its end."""
        subprocess.run([sys.executable, ROOT / "manage.py", *arguments], env=self.environment, cwd=ROOT, check=True, timeout=START_SECONDS)

    def start(self, *arguments: str | Path) -> subprocess.Popen[bytes]:
        """Starts a process of the desk; its output stands in the test's folder."""
        with (self.var / f"{Path(arguments[-1]).name}.log").open("ab") as output:
            return subprocess.Popen([sys.executable, *arguments], env=self.environment, cwd=ROOT, stdout=output, stderr=output)

    def start_web(self) -> None:
        """Starts the web process; `stop_web` ends it."""
        self.web = self.start("-m", "daphne", "-b", "127.0.0.1", "-p", str(self.port), "tradingdesk.asgi:application")

    def stop_web(self) -> None:
        """Ends the web process as a crash would."""
        assert self.web is not None
        self.web.kill()
        self.web.wait(STOP_SECONDS)

    def wait_until_ready(self) -> None:
        """Returns once the desk is ready: it answers and it quotes."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        logs = "\n".join(log.read_text()[-3000:] for log in self.var.glob("*.log"))
        pytest.fail(f"The desk was not ready within {START_SECONDS} s:\n{logs}")


@pytest.fixture(scope="module")
def running_desk(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """The demo desk, seeded and quoting; one for the module's tests, each of which trades an account of its own."""
    var = tmp_path_factory.mktemp("desk")
    redis = Redis(var / "redis")
    with database_of_its_own(django_db_blocker) as database, redis.held():
        own = {"REDIS_URL": redis.url(), "DESK_VAR": str(var), "SECRET_KEY": settings.SECRET_KEY, "DEBUG": "0"}
        desk = RunningDesk(_free_port(), {**os.environ, **database.environment, **own}, var)
        _static_files(desk)
        desk.manage("seed_demo")
        market = desk.start(ROOT / "manage.py", "run_market")
        desk.start_web()
        try:
            desk.wait_until_ready()
            yield desk
        finally:
            _stop([process for process in (market, desk.web) if process])


def _static_files(desk: RunningDesk) -> None:
    # Those of the installation where they have been collected (make setup does), else collected here.
    if (Path(settings.STATIC_ROOT) / "staticfiles.json").is_file():
        (desk.var / "static").symlink_to(Path(settings.STATIC_ROOT).resolve())
    else:
        desk.manage("collectstatic", "--noinput", "--verbosity", "0")


def _stop(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture
def browser(running_desk: RunningDesk) -> Iterator[Any]:
    """Chromium; without it the test is skipped, and under CI=true it fails."""
    if CHROMIUM is None:
        reason = "Chromium is not installed (apt-get install chromium)."
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()
