"""Random passwords, one set per installation, in `var/secrets` (folder 0700, files 0600); never in the repository.

A secret is written whole or not at all, and the first writer wins: two processes that start together agree on it.
"""

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from tradingdesk.local import paths

RANDOM_BYTES = 24


def folder() -> Path:
    """Return the folder of secrets, made 0700."""
    return paths.made(paths.made(paths.var()) / "secrets", 0o700)


def secret(name: str, random_bytes: int = RANDOM_BYTES) -> str:
    """Return the secret of this name, made at the first call. Letters, digits, `-` and `_` only, so it fits into a URL."""
    file = folder() / name
    with contextlib.suppress(FileNotFoundError):
        return file.read_text().strip()
    _write_first(file, secrets.token_urlsafe(random_bytes))
    return file.read_text().strip()


def _write_first(file: Path, text: str) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=file.parent)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(text + "\n")
    with contextlib.suppress(FileExistsError):
        os.link(temporary, file)
    os.unlink(temporary)
