"""The process that keeps PostgreSQL up while somebody holds `users.lock`, and stops it when nobody does.

It holds `keeper.lock` for its whole life. PostgreSQL is its child and gets SIGINT from the kernel should the keeper be
killed; the next keeper clears up what is left.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tradingdesk.local import LocalError, locks, postgres_files, processes, unprivileged
from tradingdesk.local.postgres import Cluster, programs

POLL_SECONDS = 0.1
FIRST_STARTS = 5  # so many starts may fail before the first success; afterwards it is started for ever
LONGEST_PAUSE_SECONDS = 10
STOP_SECONDS = 20
LOG_LIMIT_BYTES = 20_000_000


class Keeper:
    """Runs one cluster's server."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.server: subprocess.Popen[bytes] | None = None
        self.failures = 0
        self.was_ready = False
        self.told_to_stop = False

    def run(self) -> None:
        """Prepare, start and watch until nobody needs the server, or the keeper is told to stop."""
        signal.signal(signal.SIGTERM, self._on_stop)
        signal.signal(signal.SIGINT, self._on_stop)
        try:
            postgres_files.prepare(self.cluster)
            while not self._may_stop():
                self._watch()
                time.sleep(POLL_SECONDS)
            with contextlib.suppress(OSError):
                self.cluster.write_state(stopping=True)
            self._stop()
            (self.cluster.folder / "state").unlink(missing_ok=True)
        except (LocalError, OSError, subprocess.SubprocessError) as error:
            self._stop()
            self.cluster.write_state(failed=one_line(error))

    def _on_stop(self, *_: object) -> None:
        self.told_to_stop = True

    def _may_stop(self) -> bool:
        """Tell whether nobody holds the server; then the lock is ours until the process ends."""
        return self.told_to_stop or locks.try_take(self.cluster.folder / "users.lock") is not None

    def _watch(self) -> None:
        if self.server is None:
            self._start()
        elif self.server.poll() is not None:
            self._note_end(self.server.returncode)
        elif not self.was_ready or self.failures:
            self._note_ready(self.server.pid)

    def _start(self) -> None:
        arguments = unprivileged.as_server_user()
        settings = [f"--{name}={value}" for name, value in self.cluster.all_settings().items()]
        self.server = subprocess.Popen(
            [programs() / "postgres", "-D", self.cluster.data, *settings],
            preexec_fn=lambda: processes.end_with_parent(signal.SIGINT),
            **arguments,
        )

    def _note_end(self, code: int) -> None:
        self.server = None
        self.failures += 1
        (self.cluster.folder / "state").unlink(missing_ok=True)
        if not self.was_ready and self.failures >= FIRST_STARTS:
            raise LocalError(last_line(self.cluster.log))
        postgres_files.say(f"PostgreSQL ended ({describe(code)}); starting it again.")
        time.sleep(min(0.2 * 2**self.failures, LONGEST_PAUSE_SECONDS))
        postgres_files.clear_leftovers(self.cluster)

    def _note_ready(self, pid: int) -> None:
        """Believe the server's own status line in postmaster.pid (miscadmin.h, LOCK_FILE_LINE_PM_STATUS). Without room to note it, it is noted later."""
        lines = _lines(self.cluster.data / "postmaster.pid")
        if len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready":
            with contextlib.suppress(OSError):
                self.cluster.write_state(keeper=os.getpid(), postgres=pid, ready=True)
                self.was_ready, self.failures = True, 0

    def _stop(self) -> None:
        """Fast shutdown: open transactions are rolled back; immediate if that takes too long."""
        for signal_number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if self.server is None or self.server.poll() is not None:
                return
            self.server.send_signal(signal_number)
            try:
                self.server.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                postgres_files.say("PostgreSQL is slow to stop.")


def describe(code: int) -> str:
    """Name how a process ended."""
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def one_line(error: Exception) -> str:
    """Return an error as one line; a failed command's is the last line it wrote."""
    output = getattr(error, "stderr", None)
    text = str(output or error).strip()
    return text.splitlines()[-1] if text else type(error).__name__


def last_line(log: Path) -> str:
    """Return the last line PostgreSQL wrote that names a problem, else the last one."""
    lines = _lines(log)[-50:]
    problems = [line for line in lines if "FATAL:" in line or "PANIC:" in line]
    return (problems or lines or ["no reason given."])[-1]


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(errors="replace").splitlines()
    except OSError:
        return []


def main() -> None:
    """Run the keeper of the cluster in the first argument, with the settings (JSON) of the second."""
    cluster = Cluster(Path(sys.argv[1]), json.loads(sys.argv[2]))
    try:
        locks.take(cluster.folder / "keeper.lock", timeout_seconds=5)
    except TimeoutError:
        return
    if cluster.log.exists() and cluster.log.stat().st_size > LOG_LIMIT_BYTES:
        os.truncate(cluster.log, 0)
    Keeper(cluster).run()


if __name__ == "__main__":
    main()
