"""Where this installation keeps what it makes: everything under one folder, `var` (DESK_VAR moves it).

Importing this package needs the standard library only: it runs before anything is installed.
"""

import hashlib
import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def var() -> Path:
    """Return the folder of this installation. It need not exist yet."""
    chosen = os.environ.get("DESK_VAR")
    return Path(chosen).resolve() if chosen else REPOSITORY / "var"


def made(folder: Path, mode: int = 0o711) -> Path:
    """Return the folder, made with `mode` if it was missing; the mode of an existing one is never changed."""
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(exist_ok=True)
        folder.chmod(mode)
    return folder


def digest(path: Path) -> str:
    """Return twelve letters that stand for a path wherever the path itself would be too long."""
    return hashlib.sha256(str(path).encode()).hexdigest()[:12]
