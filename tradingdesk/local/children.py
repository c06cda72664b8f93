"""One supervised process: its output as lines, its restart with a growing pause, its end with everything it started.

Each leads a process group of its own, so Ctrl-C on the terminal reaches the supervisor alone and nothing survives its
leader. The kernel ends it should the supervisor be killed.
"""

import os
import signal
import subprocess
import time
from typing import Any

from tradingdesk.local import LocalError, processes
from tradingdesk.local.output import Lines, Log
from tradingdesk.local.programs import Starter

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30
HEALTHY_AFTER_SECONDS = 30  # a process that lived so long starts again without a growing pause
OPTIONS: dict[str, Any] = {
    "stdout": subprocess.PIPE,
    "stderr": subprocess.STDOUT,
    "start_new_session": True,
}


class Child:
    """A process of the desk, started again whenever it ends."""

    def __init__(self, name: str, starter: Starter, log: Log) -> None:
        self.name = name
        self.starter = starter
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None
        self.lines = Lines()
        self.failures = 0
        self.started = 0.0
        self.due = 0.0

    def start(self) -> None:
        """Start it; a start that fails is tried again later."""
        self.started = time.monotonic()
        try:
            self.process = self.starter(**OPTIONS)
        except (OSError, LocalError) as error:
            self._plan_restart(f"could not start: {error}")
            return
        os.set_blocking(self.output(), False)

    def output(self) -> int:
        """Return the descriptor of its output."""
        assert self.process is not None
        assert self.process.stdout is not None
        return self.process.stdout.fileno()

    def is_running(self) -> bool:
        """Tell whether it runs."""
        return self.process is not None and self.process.poll() is None

    def pump(self) -> None:
        """Log what it has written so far."""
        while self.process is not None:
            try:
                piece = os.read(self.output(), 65536)
            except BlockingIOError:
                return
            for line in self.lines.feed(piece or b"\n"):
                self.log.line(self.name, line)
            if not piece:
                return

    def supervise(self) -> bool:
        """Notice its end, start it when that is due. True when it was started now."""
        if self.process is not None and self.process.poll() is not None:
            code = self.process.returncode
            self.clear()
            self._plan_restart(describe(code))
        if self.process is None and time.monotonic() >= self.due:
            self.start()
            return True
        return False

    def clear(self) -> None:
        """After its end: log its last words and end what it left behind."""
        assert self.process is not None
        assert self.process.stdout is not None
        processes.signal_group(self.process.pid, signal.SIGKILL)
        self.pump()
        self.process.stdout.close()
        self.process = None

    def terminate(self) -> None:
        """Ask it to end: its leader only, which ends its own in order."""
        if self.is_running():
            assert self.process is not None
            self.process.terminate()

    def kill(self) -> None:
        """End it and everything it started."""
        if self.process is not None:
            processes.signal_group(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def _plan_restart(self, reason: str) -> None:
        if time.monotonic() - self.started > HEALTHY_AFTER_SECONDS:
            self.failures = 0
        pause = min(FIRST_PAUSE_SECONDS * 2**self.failures, LONGEST_PAUSE_SECONDS)
        self.failures += 1
        self.due = time.monotonic() + pause
        self.log.say(f"{self.name} ended ({reason}); it starts again in {pause:g} s.")


def describe(code: int) -> str:
    """Name how a process ended."""
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
