"""The servers of a test run: one PostgreSQL without fsync under `var/test`, shared by runs at the same time, and a Redis of the run's own.

Each run has database names of its own (they carry the number of its process); what a killed run left is dropped by the next.
"""

import atexit
import os
import shutil
from contextlib import ExitStack
from pathlib import Path

import psycopg

from tradingdesk.local import paths, processes
from tradingdesk.local.postgres import Cluster
from tradingdesk.local.redis import Redis

PREFIX = "test_run"
NOT_DURABLE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "128MB",
    "max_connections": "300",
}


def start_test_servers() -> dict[str, str]:
    """Starts what this process's tests need, until it ends; returns the environment that points there."""
    folder = own_installation("test")
    os.environ["DESK_VAR"] = str(folder)
    return servers_until_exit(folder, Cluster(folder / "postgres", NOT_DURABLE), f"run{os.getpid()}")


def own_installation(name: str) -> Path:
    """A folder under `var` that stands for an installation of its own; only the collected static files are shared."""
    var = paths.made(paths.var())
    folder = paths.made(var / name)
    if not (folder / "static").is_symlink():
        (folder / "static").symlink_to(var / "static")
    return folder


def servers_until_exit(folder: Path, cluster: Cluster, database: str) -> dict[str, str]:
    """Holds a cluster and a Redis until this process ends; returns the environment that points there."""
    stack = ExitStack()
    atexit.register(stack.close)
    stack.enter_context(cluster.held())
    redis_url = _redis_held_by(stack, folder)
    drop_leftovers(cluster)
    return {
        "DESK_VAR": str(folder),
        "DATABASE_URL": cluster.url("app", database),
        "DATABASE_OWNER_URL": cluster.url("owner", database),
        "REDIS_URL": redis_url,
    }


def worker_redis_until_exit() -> dict[str, str]:
    """A Redis of this xdist worker's own: ids repeat in the workers' databases, and on one Redis they would hear each other's channels."""
    stack = ExitStack()
    atexit.register(stack.close)
    return {"REDIS_URL": _redis_held_by(stack, paths.var())}


def _redis_held_by(stack: ExitStack, folder: Path) -> str:
    redis = Redis(folder / f"redis-{os.getpid()}")
    stack.callback(shutil.rmtree, redis.folder, ignore_errors=True)
    stack.enter_context(redis.held())
    return redis.url()


def drop_leftovers(cluster: Cluster) -> None:
    """Drops the databases of runs that were killed."""
    with psycopg.connect(cluster.url("owner", "postgres"), autocommit=True) as owner:
        rows = owner.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX]).fetchall()
        for (name,) in rows:
            if not processes.is_alive(run_of(name)):
                owner.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def run_of(database: str) -> int:
    """The process number in a test database's name, as in `test_run4711_gw0`."""
    digits = database.removeprefix(PREFIX).split("_")[0]
    return int(digits) if digits.isdigit() else 0
