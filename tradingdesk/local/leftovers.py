"""The record of the running processes, so that the next run can end what a killed one left behind.

A process is named by its number and its start time: a number alone may belong to somebody else by now.
"""

import contextlib
import json
import os
import signal
import time
from pathlib import Path

from tradingdesk.local import paths, processes
from tradingdesk.local.output import Log

PATIENCE_SECONDS = 8


def record_file() -> Path:
    """Return where the record is kept."""
    return paths.made(paths.made(paths.var()) / "run") / "desk.json"


def write(port: int, children: dict[str, int]) -> None:
    """Record this supervisor, its port, and its children by name. Without room for it the record before stays."""
    started = {name: [pid, processes.started_at(pid)] for name, pid in children.items()}
    with contextlib.suppress(OSError):
        temporary = record_file().with_suffix(".new")
        temporary.write_text(json.dumps({"supervisor": os.getpid(), "port": port, "children": started}))
        temporary.rename(record_file())


def read() -> dict[str, object]:
    """Return the record; empty when there is none or it is broken."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        return dict(json.loads(record_file().read_text()))
    return {}


def clear(log: Log) -> None:
    """End the processes of a run that did not end in order. The caller holds the supervisor's lock."""
    record = read()
    if not record:
        return
    log.say(f"The last run (process {record.get('supervisor')}) was killed; starting from what it left.")
    children = record.get("children")
    groups = {name: pid for name, (pid, started) in dict(children or {}).items() if _is_left(pid, started)}  # type: ignore[call-overload]
    for name, pid in groups.items():
        log.say(f"{name} (process {pid}) was left over; stopping it.")
        processes.signal_group(pid, signal.SIGTERM)
    _wait(groups)
    forget()


def forget() -> None:
    """Remove the record: everything in it has ended."""
    record_file().unlink(missing_ok=True)


def _is_left(group: int, started: int | None) -> bool:
    """Tell whether the leader still lives, or, gone itself, has left members of its group behind."""
    now = processes.started_at(group)
    if now is not None and processes.is_alive(group):
        return now == started
    return any(True for _ in processes.group_members(group))


def _wait(groups: dict[str, int]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while any(_has_members(pid) for pid in groups.values()) and time.monotonic() < deadline:
        time.sleep(0.1)
    for pid in groups.values():
        processes.signal_group(pid, signal.SIGKILL)


def _has_members(group: int) -> bool:
    return any(True for _ in processes.group_members(group))
