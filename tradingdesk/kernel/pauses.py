"""Pauses between tries of what keeps failing: from one second, doubling. In memory, so a new process tries everything at once."""

from collections.abc import Hashable
from time import monotonic

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 300.0


class Pauses:
    """One thread per key."""

    def __init__(self) -> None:
        self._pauses: dict[Hashable, tuple[float, float]] = {}  # when to try again (monotonic), and how long the pause was

    def is_waiting(self, key: Hashable) -> bool:
        """Whether it is too early to try again."""
        pause = self._pauses.get(key)
        return pause is not None and monotonic() < pause[0]

    def begin(self, key: Hashable) -> None:
        """It failed: the next pause begins."""
        earlier = self._pauses.get(key)
        seconds = min(earlier[1] * 2, LONGEST_SECONDS) if earlier else FIRST_SECONDS
        self._pauses[key] = (monotonic() + seconds, seconds)

    def forget(self, key: Hashable) -> None:
        """It succeeded."""
        self._pauses.pop(key, None)
