"""One readable log of the desk: `var/log/desk.log`, and the same lines on the terminal."""

import sys
import time
from contextlib import suppress
from pathlib import Path

from tradingdesk.local import paths

NAME_WIDTH = 11
LOG_LIMIT_BYTES = 20_000_000
LONGEST_LINE_BYTES = 16_384


class Log:
    """Lines of all processes, each with the time (UTC) and the name of the process."""

    def __init__(self) -> None:
        self.file = paths.made(paths.made(paths.var()) / "log", 0o755) / "desk.log"
        self._open()

    def _open(self) -> None:
        self.stream = self.file.open("a", encoding="utf-8")

    def line(self, name: str, text: str) -> None:
        """Write one line of a process."""
        self._keep(f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime())} {name:{NAME_WIDTH}}| {text}")
        self._show(f"{name:{NAME_WIDTH}}| {text}")

    def say(self, text: str) -> None:
        """Write one line of the supervisor's own."""
        self.line("desk", text)

    def announce(self, text: str) -> None:
        """Show a line to the operator only, as it stands: what follows start-up, passwords included, is not logged."""
        self._show(text)

    def _keep(self, text: str) -> None:
        """A disk without room costs lines of the log, not the desk."""
        with suppress(OSError):
            if self.stream.closed:
                self._open()
            self.stream.write(text + "\n")
            self.stream.flush()
            if self.stream.tell() > LOG_LIMIT_BYTES:
                self._turn_over()

    def _turn_over(self) -> None:
        # What fails here is done when the next line comes.
        self.stream.close()
        self.file.replace(self.file.with_suffix(".log.1"))
        self._open()

    def _show(self, text: str) -> None:
        """A terminal that has gone is no reason to stop the desk."""
        with suppress(OSError, ValueError):
            print(text, flush=True)


class Lines:
    """Whole lines out of pieces of output."""

    def __init__(self) -> None:
        self.rest = b""

    def feed(self, piece: bytes) -> list[str]:
        """Return the lines that this piece completes; an endless line is cut."""
        *lines, self.rest = (self.rest + piece).split(b"\n")
        if len(self.rest) > LONGEST_LINE_BYTES:
            lines, self.rest = [*lines, self.rest], b""
        return [text for line in lines if (text := line.decode(errors="replace").rstrip())]


class Tail:
    """New lines of a file that another process writes, from its present end on."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.lines = Lines()
        self.position = file.stat().st_size if file.exists() else 0

    def read(self) -> list[str]:
        """Return what was added since the last call; a file that shrank is read from its beginning."""
        try:
            size = self.file.stat().st_size
        except OSError:
            return []
        self.position = self.position if size >= self.position else 0
        with open(self.file, "rb") as stream:
            stream.seek(self.position)
            piece = stream.read(size - self.position)
        self.position += len(piece)
        return self.lines.feed(piece)


def fail(text: str) -> None:
    """Show the one line that says what is wrong."""
    with suppress(OSError):
        print(f"Tradingdesk: {text}", file=sys.stderr, flush=True)
