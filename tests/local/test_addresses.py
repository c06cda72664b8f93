import os
import stat
import subprocess
import sys
from pathlib import Path

import dj_database_url
import pytest

from tradingdesk.local import addresses, passwords, paths
from tradingdesk.local.postgres import SOCKET_FILE, Cluster


def test_environment_comes_first(installation: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://a@b/c")
    monkeypatch.setenv("REDIS_URL", "redis://d")
    monkeypatch.setenv("SECRET_KEY", "e")
    assert addresses.database_url("app") == addresses.database_url("owner") == "postgresql://a@b/c"
    assert (addresses.redis_url(), addresses.secret_key()) == ("redis://d", "e")


def test_owner_has_a_url_of_its_own(installation: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://app@b/c")
    monkeypatch.setenv("DATABASE_OWNER_URL", "postgresql://owner@b/c")
    assert addresses.database_url("owner") == "postgresql://owner@b/c"


def test_embedded_database_is_a_socket_that_django_understands(installation: Path) -> None:
    parsed = dj_database_url.parse(addresses.database_url("app"))
    assert (parsed["USER"], parsed["NAME"]) == ("desk_app", "tradingdesk")
    assert parsed["HOST"] == str(Cluster(installation / "postgres").socket_folder)
    assert parsed["PASSWORD"] == passwords.secret("postgres-app")


def test_roles_have_different_passwords(installation: Path) -> None:
    assert passwords.secret("postgres-app") != passwords.secret("postgres-owner")


def test_secrets_stay_and_are_private(installation: Path) -> None:
    assert addresses.secret_key() == addresses.secret_key()
    assert stat.S_IMODE(passwords.folder().stat().st_mode) == 0o700
    assert stat.S_IMODE((passwords.folder() / "secret_key").stat().st_mode) == 0o600


def test_redis_keeps_its_port(installation: Path) -> None:
    assert addresses.redis_url() == addresses.redis_url()


def test_long_folder_gets_a_short_socket(installation: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = Cluster(installation / ("x" * 90) / "postgres")
    assert len(str(long.socket_folder / SOCKET_FILE)) <= 100
    assert long.socket_folder != Cluster(installation / ("y" * 90) / "postgres").socket_folder


def test_folder_with_a_comma_gets_a_plain_socket(installation: Path) -> None:
    assert "," not in str(Cluster(installation / "a, b" / "postgres").socket_folder)


def test_local_needs_nothing_installed() -> None:
    # -S leaves site-packages out: only the standard library can be imported
    modules = ", ".join(f"tradingdesk.local.{name}" for name in ("supervisor", "setup", "commands", "keeper", "addresses", "browser"))
    command = [sys.executable, "-S", "-c", f"import {modules}"]
    environment = {"PATH": os.environ["PATH"]}
    assert subprocess.run(command, cwd=paths.REPOSITORY, env=environment, timeout=60).returncode == 0
