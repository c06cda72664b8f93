"""Says a trouble once, and once when it is over: a feed or a database that is away for an hour leaves two lines, not ten thousand."""

from typing import Any

import structlog

log = structlog.get_logger("market")


class Complaint:
    """One subject's state in the log."""

    def __init__(self, subject: str, **context: Any) -> None:
        self._subject = subject
        self._context = context
        self._said: str | None = None

    def raised(self, problem: str, error: BaseException | None = None) -> None:
        """Logs a problem unless it was the last thing said."""
        if problem != self._said:
            self._said = problem
            log.warning(f"{self._subject}: {problem}", exc_info=error, **self._context)

    def settled(self) -> None:
        """Logs that it works again, if it did not."""
        if self._said is not None:
            self._said = None
            log.info(f"{self._subject}: works again", **self._context)


class Backoff:
    """Waits that double from try to try, up to a limit."""

    def __init__(self, first_seconds: float = 0.5, most_seconds: float = 10.0) -> None:
        self._first, self._most = first_seconds, most_seconds
        self._next = first_seconds

    def next_seconds(self) -> float:
        """How long to wait before the coming try."""
        seconds, self._next = self._next, min(self._most, self._next * 2)
        return seconds

    def reset(self) -> None:
        """After a success."""
        self._next = self._first
