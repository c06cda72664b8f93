"""The browser of the browser tests: the machine's Chromium, installed by apt-get where we may install packages."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome")
INSTALL = (
    ("apt-get", "update", "-qq"),
    ("apt-get", "install", "-qq", "-y", "--no-install-recommends", "chromium"),
)
INSTALL_TIMEOUT_SECONDS = 420


def find() -> str | None:
    """Return the path of a browser that starts, or None."""
    found = (path for name in NAMES if (path := shutil.which(name)))
    return next((path for path in found if _starts(path)), None)


def missing_reason() -> str:
    """Return the line that browser tests skip, or under CI fail, with."""
    return f"no Chromium on this machine ({' or '.join(NAMES)}), and none could be installed"


def main() -> int:
    """Install Chromium where it is missing and we may. Under CI its absence is a failure."""
    if find() is None and os.geteuid() == 0 and shutil.which("apt-get"):
        print("Tradingdesk: Installing Chromium for the browser tests.", flush=True)
        install()
    if find() is not None:
        return 0
    is_ci = os.environ.get("CI") == "true"
    print(f"Tradingdesk: The browser tests {'cannot run' if is_ci else 'are skipped'}: {missing_reason()}.", flush=True)
    return 1 if is_ci else 0


def install() -> None:
    """Run apt-get; what fails shows in `find` afterwards."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in INSTALL:
        try:
            subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, timeout=INSTALL_TIMEOUT_SECONDS)
        except (OSError, subprocess.TimeoutExpired) as error:
            print(f"Tradingdesk: {error}", flush=True)
            return


def _starts(path: str) -> bool:
    try:
        done = subprocess.run([path, "--version"], capture_output=True, stdin=subprocess.DEVNULL, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
