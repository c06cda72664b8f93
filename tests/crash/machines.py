"""The servers and processes that these tests kill: a PostgreSQL and a Redis of their own, and the desk's processes, forked warm (`forkserver`).

PostgreSQL is durable against what is done to it here: commits wait for their log record, recovery is complete. Only fsync is off: the machine itself stays up.
"""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tradingdesk.local import paths, processes
from tradingdesk.local.postgres import Cluster
from tradingdesk.local.redis import Redis

SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "64MB",
    "max_connections": "100",
}
TEMPLATE = "migrated"
END_SECONDS = 60  # so much only where something is wrong, or the machine is very busy


def until(condition: Callable[[], Any], seconds: float = END_SECONDS, what: str = "it") -> Any:
    """What the condition answers once that is true; an AssertionError when it is not in time."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come about within {seconds:g} s")
        time.sleep(0.005)
    return found


@dataclass
class Process:
    """One process of the desk, leader of a group of its own."""

    role: str
    pid: int
    descriptor: int | None

    @classmethod
    def of(cls, role: str, pid: int) -> "Process":
        """None but a descriptor names a process for good: numbers are given again."""
        with suppress(ProcessLookupError):
            return cls(role, pid, os.pidfd_open(pid))
        return cls(role, pid, None)

    @property
    def is_running(self) -> bool:
        return self.descriptor is not None and not select.select([self.descriptor], [], [], 0)[0]

    @property
    def children(self) -> list[int]:
        """Numbers of the processes it has started itself."""
        with suppress(OSError):
            return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]
        return []

    def signal(self, number: int) -> None:
        """To the whole group, as the supervisor does it."""
        if self.descriptor is not None:
            processes.signal_group(self.pid, number)

    def kill(self) -> None:
        """SIGKILL to it and everything it started; returns once it is gone."""
        self.signal(signal.SIGKILL)
        self.wait()

    def wait(self, seconds: float = END_SECONDS) -> None:
        """Returns once it has ended, and lets go of it."""
        if self.descriptor is not None:
            assert select.select([self.descriptor], [], [], seconds)[0], f"{self.role} ({self.pid}) did not end"
            os.close(self.descriptor)
            self.descriptor = None


class ForkServer:
    """The warm parent, told what to fork."""

    def __init__(self, environment: dict[str, str], logs: Path) -> None:
        self.logs = paths.made(logs)
        command = [sys.executable, "-m", "tests.crash.forkserver"]
        options: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": paths.REPOSITORY}
        with (logs / "forkserver.log").open("ab") as log:
            self._parent = subprocess.Popen(command, env=environment, stderr=log, **options)
        assert self._answer() == {"ready": True}

    def start(self, role: str, *arguments: str, name: str, database: str, is_owner: bool = False, defects: tuple[str, ...] = ()) -> Process:
        """A new process of the desk; `name` is its log's and, for PostgreSQL, its application name."""
        wanted = {"role": role, "arguments": arguments, "name": name, "database": database, "is_owner": is_owner, "defects": defects}
        assert self._parent.stdin is not None
        print(json.dumps({**wanted, "log": str(self.log_of(name))}), file=self._parent.stdin, flush=True)
        return Process.of(name, self._answer()["pid"])

    def log_of(self, name: str) -> Path:
        """What processes of this name have written."""
        return self.logs / f"{name}.log"

    def close(self) -> None:
        """Ends it, and by the kernel all that it forked."""
        assert self._parent.stdin is not None
        self._parent.stdin.close()
        self._parent.kill()
        self._parent.wait(END_SECONDS)

    def _answer(self) -> dict[str, Any]:
        assert self._parent.stdout is not None
        line = self._parent.stdout.readline()
        assert line, f"the fork server has ended; see {self.logs / 'forkserver.log'}"
        return dict(json.loads(line))


@dataclass
class Machine:
    """Servers, fork server and a migrated database to copy."""

    folder: Path
    cluster: Cluster
    redis: Redis
    forks: ForkServer
    redis_server: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def postmaster(self) -> int:
        """The number of PostgreSQL's first process, once its keeper has seen it answer."""
        return int(str(until(lambda: self.cluster.state().get("postgres"), what="PostgreSQL")))

    def owner(self, database: str) -> psycopg.Connection[Any]:
        """A connection as desk_owner, who may change the schema; commits by itself."""
        return psycopg.connect(self.cluster.url("owner", database), autocommit=True)

    def app(self, database: str) -> psycopg.Connection[Any]:
        """A connection as desk_app, who sees what the desk's own sessions do; commits by itself."""
        return psycopg.connect(self.cluster.url("app", database), autocommit=True)

    def start_redis(self) -> None:
        """Empty; on the port it had before."""
        self.redis_server = self.redis.start(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.redis.wait_until_ready(self.redis_server)

    def kill_redis(self) -> None:
        """Everything in it is gone."""
        if self.redis_server is not None:
            self.redis_server.kill()
            self.redis_server.wait(END_SECONDS)

    @contextmanager
    def database(self, name: str, tablespace: str | None = None) -> Iterator[str]:
        """A copy of the migrated database."""
        where = f" TABLESPACE {tablespace}" if tablespace else ""
        with self.owner("postgres") as owner:
            owner.execute(f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}"{where}')
        try:
            yield name
        finally:
            with self.owner("postgres") as owner:
                owner.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def migrate(self) -> None:
        """Makes the database that the others are copied from."""
        with self.owner("postgres") as owner:
            owner.execute(f'CREATE DATABASE "{TEMPLATE}"')
        made = self.forks.start("manage", "migrate", "--noinput", "--verbosity", "0", name="migrate", database=TEMPLATE, is_owner=True)
        made.wait(120)


@contextmanager
def machine(folder: Path, settings: dict[str, str] = SETTINGS) -> Iterator[Machine]:
    """Servers of their own in `folder`, until the block ends; nothing of them is left."""
    cluster, redis = Cluster(paths.made(folder) / "postgres", settings), Redis(folder / "redis")
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.callback(lambda: shutil.rmtree(cluster.home, ignore_errors=True))
        stack.enter_context(cluster.held())
        addresses = {"DATABASE_URL": cluster.url("app"), "DATABASE_OWNER_URL": cluster.url("owner"), "REDIS_URL": redis.url()}
        environment = {**os.environ, **addresses, "DJANGO_SETTINGS_MODULE": "tradingdesk.settings", "LOG_LEVEL": "INFO"}
        forks = ForkServer(environment, folder / "processes")
        stack.callback(forks.close)
        made = Machine(folder, cluster, redis, forks)
        stack.callback(made.kill_redis)
        made.start_redis()
        made.migrate()
        yield made
