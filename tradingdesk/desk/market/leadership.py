"""One leader per market: a session-level advisory lock (`kernel.session_locks`). The streams' `leader_epoch` fences off a leader that has not noticed
yet that it lost the lock.

The process asks for its locks every second (`process.SCAN_SECONDS`). One that stands still (stopped, swapped out, its machine suspended) keeps its connection
and would keep its markets for ever: the server ends its session, and a standby takes over.
"""

from tradingdesk.kernel.locks import AdvisoryLock
from tradingdesk.kernel.session_locks import SessionLocks

FROZEN_SECONDS = 15.0  # without a question; followers that are told to end are waited for at most ten (follower.JOIN_SECONDS)


class Leadership:
    """The markets this process leads. `lead` and `release` raise psycopg.Error once the connection is lost: all is lost with it."""

    def __init__(self) -> None:
        self._locks = SessionLocks("market leader", FROZEN_SECONDS)

    def lead(self, market_id: int) -> bool:
        """Whether this process now leads the market; never waits."""
        return self._locks.take(AdvisoryLock.MARKET_LEADER, market_id)

    def release(self, market_id: int) -> None:
        """Lets a standby take the market; nothing where it is not led."""
        self._locks.release(AdvisoryLock.MARKET_LEADER, market_id)

    def check(self) -> None:
        """Raises LockLost when the connection, and every lock with it, is gone."""
        self._locks.check()

    def check_market(self, market_id: int) -> None:
        """Raises LockLost unless this market is led from here, now; from any thread."""
        self._locks.check_one(AdvisoryLock.MARKET_LEADER, market_id)

    def close(self) -> None:
        """Lets go of every market."""
        self._locks.close()
