"""A file system with little room on it, for real: a tmpfs of a few megabytes, mounted by root, or by anybody in a user namespace of its own."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tradingdesk.local import paths, unprivileged

PIECE = 4096
IN_A_NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", 'mount -t tmpfs -o "$1" tmpfs "$0" && echo mounted && exec cat')


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A folder of the servers' user on a file system of its own. Where none can be mounted the test is skipped, and under CI it fails."""
    paths.made(folder)
    mounting = _mounted_by_root if os.geteuid() == 0 else _mounted_in_a_namespace
    with mounting(folder, f"size={megabytes}m,mode=0777") as disk:
        yield unprivileged.own(disk / "own")


@contextmanager
def _mounted_by_root(folder: Path, options: str) -> Iterator[Path]:
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, text=True)
    if done.returncode:
        _without(f"root may not mount a tmpfs here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@contextmanager
def _mounted_in_a_namespace(folder: Path, options: str) -> Iterator[Path]:
    # Reached through the root of a process that lives there, as /proc shows it.
    try:
        inside = subprocess.Popen(
            [*IN_A_NAMESPACE, folder, options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    except FileNotFoundError:
        _without("there is no unshare(1)")
    assert inside.stdin is not None
    assert inside.stdout is not None
    assert inside.stderr is not None
    try:
        if inside.stdout.readline() != "mounted\n":
            _without(f"an ordinary user may not mount in a namespace of its own here: {inside.stderr.read().strip()}")
        yield Path(f"/proc/{inside.pid}/root{folder}")
    finally:
        inside.stdin.close()
        inside.wait(10)


def _without(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(f"A full disk cannot be tried: {reason}.")
    pytest.skip(f"A full disk cannot be tried: {reason}.")


def clear(folder: Path) -> None:
    """What a run that was killed left mounted below a folder."""
    mounted = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    for left in (point for point in mounted if Path(point).is_relative_to(folder)):
        subprocess.run(["umount", "--lazy", left], check=False)


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """No byte is left on it during the block."""
    ballast = disk / "ballast"
    fill(ballast)
    try:
        yield
    finally:
        ballast.unlink()


def fill(ballast: Path) -> None:
    """Takes what is left, to the last page."""
    with suppress(OSError), ballast.open("ab", buffering=0) as stream:
        while True:
            stream.write(b"\0" * PIECE)
