"""Many things in one transaction, of which one may be guilty of its failing: halved until the guilty one stands alone, all others are done.

Parts go in the order given. When many are guilty, halving would only repeat the failures: after some the rest goes one by one. So n things take at most
n + MOST_FOUND × 2 × log2(n) transactions.
"""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
MOST_FOUND = 4  # guilty ones found by halving: each costs about as much as doing all of it again


class Halving(Generic[T]):
    """`attempt` does a part in a transaction of its own, or undoes it and raises. `set_aside` is told of each guilty one, with its error.

    Errors that `is_everyones` are raised: they would have met any other part. What was done before stays done.
    """

    def __init__(
        self, attempt: Callable[[Sequence[T]], None], set_aside: Callable[[T, Exception], None], is_everyones: Callable[[Exception], bool]
    ) -> None:
        self._attempt, self._set_aside, self._is_everyones = attempt, set_aside, is_everyones
        self._found = 0

    def run(self, part: Sequence[T]) -> None:
        """Does all of it but for the guilty ones."""
        if self._found >= MOST_FOUND and len(part) > 1:
            for one in part:
                self.run([one])
            return
        try:
            self._attempt(part)
        except Exception as error:  # the transaction is undone, whatever it was
            if self._is_everyones(error):
                raise
            self._halve(part, error)

    def _halve(self, part: Sequence[T], error: Exception) -> None:
        if len(part) == 1:
            self._found += 1
            self._set_aside(part[0], error)
            return
        middle = len(part) // 2
        self.run(part[:middle])
        self.run(part[middle:])
