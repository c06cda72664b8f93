"""The processes of the desk (design, Processes), in their start order, and the environment they get."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tradingdesk.local import addresses, paths, processes

Starter = Callable[..., "subprocess.Popen[bytes]"]
CELERY = (sys.executable, "-m", "celery", "--quiet", "-A", "tradingdesk")
MANAGE = (sys.executable, str(paths.REPOSITORY / "manage.py"))


@dataclass(frozen=True)
class Program:
    """A name for the log, and how to start it."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)

    def start(self, **options: Any) -> "subprocess.Popen[bytes]":
        """Start it, with the desk's environment and the caller's pipes; the kernel ends it with us."""
        environment = os.environ | desk_environment() | {"DESK_PROCESS": self.name} | self.environment
        return subprocess.Popen(
            self.command,
            cwd=paths.REPOSITORY,
            env=environment,
            stdin=subprocess.DEVNULL,
            preexec_fn=processes.end_with_parent,
            **options,
        )


def desk_environment() -> dict[str, str]:
    """Return what every process of the desk is told: addresses as desk_app, and to write its lines at once."""
    return {
        "DATABASE_URL": addresses.database_url("app"),
        "REDIS_URL": addresses.redis_url(),
        "DESK_VAR": str(paths.var()),
        "DJANGO_SETTINGS_MODULE": "tradingdesk.settings",
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",  # as root, on purpose
    }


def preparations() -> tuple[Program, ...]:
    """Return what runs to its end before the desk starts; each is harmless to repeat."""
    owner = {"DATABASE_OWNER_URL": addresses.database_url("owner")}
    return (
        Program("migrate", (*MANAGE, "migrate", "--noinput", "--verbosity", "0"), owner),
        Program("seed", (*MANAGE, "seed_demo")),
    )


def desk_programs(port: int) -> tuple[Program, ...]:
    """Return the processes that run as long as the desk does."""
    return (
        Program("web", _web(port), {"PORT": str(port)}),
        Program("sweeps", _worker("sweeps,broker", "sweeps@%h")),
        Program("default", _worker("default,settlement", "default@%h")),
        Program("beat", (*CELERY, "beat", "-l", "WARNING", "--pidfile=")),
        Program("market", (*MANAGE, "run_market")),
    )


def _web(port: int) -> tuple[str, ...]:
    daphne = (sys.executable, "-m", "daphne", "-v", "0", "-b", "127.0.0.1", "-p", str(port))
    return (*daphne, "tradingdesk.asgi:application")


def _worker(queues: str, name: str) -> tuple[str, ...]:
    return (*CELERY, "worker", "-l", "WARNING", "-Q", queues, "-n", name, "-c", "1", "--without-gossip", "--without-mingle")
