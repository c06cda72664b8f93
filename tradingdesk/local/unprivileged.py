"""Who runs the embedded servers, and what that user can reach.

PostgreSQL refuses to run as root. Started by root, servers run as a system user without privileges, from binaries and in
folders which that user can reach. No permission of an existing folder is ever changed: where the repository is out of
that user's reach, binaries are copied, and data kept, below one of OUTSIDE instead.
"""

import os
import pwd
import shutil
import subprocess
import uuid
from pathlib import Path
from typing import Any

from tradingdesk.local import LocalError, paths

SYSTEM_USERS = ("postgres", "nobody")
OUTSIDE = (Path("/var/lib/tradingdesk"), Path("/var/tmp/tradingdesk"))  # noqa: S108 - its owner is checked
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def server_user() -> pwd.struct_passwd:
    """Return the user that runs the servers: ourselves, or, for root, the first of SYSTEM_USERS."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    for name in SYSTEM_USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise LocalError(f"Started by root, the servers need a system user: none of {', '.join(SYSTEM_USERS)} exists.")


def as_server_user() -> dict[str, Any]:
    """Return the arguments that make subprocess run a command as the server user, away from the caller's folder."""
    base: dict[str, Any] = {"env": ENVIRONMENT, "cwd": "/", "stdin": subprocess.DEVNULL}
    if os.geteuid() != 0:
        return base
    user = server_user()
    return base | {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def run(*command: str | Path, text: str = "") -> str:
    """Run a command as the server user and return what it printed; CalledProcessError carries its complaint."""
    arguments = as_server_user()
    arguments.pop("stdin")
    done = subprocess.run(command, input=text, check=True, capture_output=True, text=True, timeout=120, **arguments)
    return done.stdout


def can_reach(path: Path) -> bool:
    """Tell whether the server user can enter a folder, or execute a file."""
    if os.geteuid() != 0:
        return os.access(path, os.X_OK)
    return subprocess.run(["/bin/sh", "-c", 'test -x "$1"', "sh", path], **as_server_user()).returncode == 0


def own(folder: Path) -> Path:
    """Make a folder, 0700, for the server user alone."""
    paths.made(folder, 0o700)
    if os.geteuid() == 0 and folder.stat().st_uid != server_user().pw_uid:
        os.chown(folder, server_user().pw_uid, server_user().pw_gid)
    return folder


def home(folder: Path) -> Path:
    """Return where the data of a server lives: its folder, or one outside that is remembered in `folder/home`."""
    remembered = paths.made(folder) / "home"
    if remembered.exists():
        return Path(remembered.read_text().strip())
    if can_reach(folder):
        return folder
    chosen = paths.made(outside() / f"{paths.digest(folder)}-{uuid.uuid4().hex[:8]}")
    remembered.write_text(f"{chosen}\n")
    return chosen


def outside() -> Path:
    """Return a folder that belongs to us and that the server user can reach."""
    for folder in OUTSIDE:
        if paths.made(folder).stat().st_uid == os.geteuid() and can_reach(folder):
            return folder
    raise LocalError(f"The user {server_user().pw_name} can reach neither {OUTSIDE[0]} nor {OUTSIDE[1]}.")


def reachable(base: Path, wanted: tuple[str, ...], probe: str) -> Path:
    """Return a folder with `wanted` (parts of `base`) whose file `probe` the server user can execute: `base` or a copy."""
    if can_reach(base / probe):
        return base
    copy = outside() / f"programs-{paths.digest(base / probe)}-{(base / probe).stat().st_size}"
    if not copy.exists():
        unfinished = Path(f"{copy}-{uuid.uuid4().hex[:8]}")
        for part in wanted:
            _copy(base / part, unfinished / part)
        _open_to_all(unfinished)
        unfinished.rename(copy)
    return copy


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copy2(source, target)


def _open_to_all(folder: Path) -> None:
    """Let everybody read a copy of ours, and enter or execute what its owner can."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | 0o444 | (0o111 if mode & 0o100 else 0))
