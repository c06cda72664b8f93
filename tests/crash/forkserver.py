"""A parent with the whole desk imported and nothing connected: each line on its standard input forks a process of the desk, which runs its real entry point.

A line is JSON: {"role", "arguments", "database", "is_owner", "name", "log", "defects"}; the answer is {"pid": ...}. Ends with its standard input; the kernel
ends its children with it. `python -m tests.crash.forkserver`, with the environment of a process of the desk.
"""

import gc
import importlib
import json
import os
import signal
import sys
import traceback
from typing import Any

from tradingdesk.local import addresses, processes

FEED = "fast_days"
WARM = (
    "tradingdesk.asgi",
    "tradingdesk.urls",
    "tradingdesk.celery",
    "daphne.cli",
    "celery.bin.celery",
    "celery.apps.worker",
    "celery.concurrency.prefork",
)
TASKS = ("settlement.tasks", "risk.tasks", "quotes.tasks", "kombu.transport.redis", "celery.worker.consumer", "celery.worker.worker")
WITH_A_REACTOR_OF_ITS_OWN = ("twisted.internet.reactor", "daphne.server", "daphne.cli")


def web(arguments: list[str]) -> None:
    """Daphne, as `python -m daphne` runs it; on an event loop of this process, not the one the parent's imports made."""
    for name in WITH_A_REACTOR_OF_ITS_OWN:
        sys.modules.pop(name, None)
    from daphne.cli import CommandLineInterface

    CommandLineInterface().run(arguments)


def worker(arguments: list[str]) -> None:
    """Celery, as `python -m celery` runs it."""
    from celery.bin.celery import main

    sys.argv = ["celery", *arguments]
    main()


def manage(arguments: list[str]) -> None:
    """A management command, run_market among them."""
    from django.core.management import execute_from_command_line

    execute_from_command_line(["manage.py", *arguments])


def call(arguments: list[str]) -> None:
    """A function of `tests.crash.commands`, with its arguments as JSON."""
    name, given = arguments
    getattr(importlib.import_module("tests.crash.commands"), name)(**json.loads(given))


ROLES = {"web": web, "worker": worker, "manage": manage, "call": call}


def warm() -> None:
    """Imports what every role needs. No connection, no thread, no event loop in use."""
    import django

    django.setup()
    for name in (*WARM, *TASKS, "tests.crash.commands", "tests.crash.defects"):
        importlib.import_module(name)
    from django.core.management import get_commands, load_command_class
    from django.urls import get_resolver

    from quotes.feeds.registry import FEEDS

    load_command_class(get_commands()["run_market"], "run_market")
    assert get_resolver().url_patterns
    FEEDS[FEED] = "tests.crash.feed.FastDays"
    gc.freeze()


def become(wanted: dict[str, Any]) -> None:
    """The child: a session of its own, its output in its log, its database, then its role until it ends."""
    processes.end_with_parent(signal.SIGKILL)
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(wanted["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for descriptor in (1, 2):
        os.dup2(log, descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    from tests.crash import defects

    use_database(wanted)
    for defect in wanted["defects"]:
        getattr(defects, defect)()
    ROLES[wanted["role"]](wanted["arguments"])


def use_database(wanted: dict[str, Any]) -> None:
    """The wanted database, in the wanted role, under the process's own name."""
    import dj_database_url
    from django.db import connection

    parsed = dj_database_url.parse(addresses.database_url("owner" if wanted["is_owner"] else "app"))
    connection.settings_dict.update(NAME=wanted["database"], USER=parsed["USER"], PASSWORD=parsed["PASSWORD"])
    connection.settings_dict["OPTIONS"]["application_name"] = wanted["name"]


def fork(wanted: dict[str, Any]) -> int:
    """The number of the new process."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        become(wanted)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    """Answers one line with another until its standard input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    warm()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who dies is buried by the kernel
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps({"pid": fork(json.loads(line))}), file=answers, flush=True)


if __name__ == "__main__":
    main()
