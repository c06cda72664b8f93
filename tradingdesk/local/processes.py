"""What Linux tells about processes, and how a child is tied to the life of its parent."""

import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PR_SET_PDEATHSIG = 1  # <sys/prctl.h>
PROC = Path("/proc")


def end_with_parent(signal_number: int = signal.SIGTERM) -> None:
    """Have the kernel send this process the signal when its parent ends, even by SIGKILL. Linux only, else nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)


def is_alive(pid: int) -> bool:
    """Tell whether a process of this number runs (a zombie does not)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return _stat(pid)[0:1] != ["Z"]


def working_folder(pid: int) -> Path | None:
    """Return the folder a process works in, or None where that cannot be seen."""
    with suppress(OSError):
        return Path(os.readlink(PROC / str(pid) / "cwd"))
    return None


def working_in(folder: Path) -> list[int]:
    """Return the processes that work in a folder, as far as we may see them."""
    numbers = (int(entry.name) for entry in PROC.glob("[0-9]*"))
    return [pid for pid in numbers if working_folder(pid) == folder and is_alive(pid)]


def started_at(pid: int) -> int | None:
    """Return when a process began, in clock ticks since boot: with its number, this names it for good."""
    fields = _stat(pid)
    return int(fields[19]) if fields else None


def group_members(group: int) -> Iterator[int]:
    """Return the processes of a process group."""
    for entry in PROC.glob("[0-9]*"):
        fields = _stat(int(entry.name))
        if fields and int(fields[2]) == group and fields[0] != "Z":
            yield int(entry.name)


def send(pid: int, signal_number: int) -> None:
    """Send a signal to a process; one that has gone is no error."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal_number)


def signal_group(group: int, signal_number: int) -> None:
    """Send a signal to a whole process group; none of it left is no error."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal_number)


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from the state on (proc_pid_stat(5), field 3 is the first here)."""
    with suppress(OSError):
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return []
