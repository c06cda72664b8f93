"""File locks: held by an open file, given back by the kernel whatever happens to the process that held them."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

WAIT_SECONDS = 0.05


def take(file: Path, *, shared: bool = False, timeout_seconds: float = 60) -> int:
    """Return the descriptor of the lock once it is ours; closing it gives the lock back. TimeoutError after the wait."""
    deadline = time.monotonic() + timeout_seconds
    while (descriptor := try_take(file, shared=shared)) is None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{file} is locked by another process")
        time.sleep(WAIT_SECONDS)
    return descriptor


def try_take(file: Path, *, shared: bool = False) -> int | None:
    """Return the descriptor of the lock, or None when another process holds it."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def is_taken(file: Path) -> bool:
    """Tell whether another process holds the lock exclusively. Looking takes it, shared, for an instant."""
    descriptor = try_take(file, shared=True)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


@contextmanager
def taken(file: Path) -> Iterator[None]:
    """Hold the lock, exclusively, for the duration of the block."""
    descriptor = take(file)
    try:
        yield
    finally:
        with suppress(OSError):
            os.close(descriptor)
