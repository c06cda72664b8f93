"""Lock order of the whole desk: books by pk, then accounts by pk. The account row covers its orders, freezes, lots and money.

Every connection carries a lock timeout (settings); a timeout, a deadlock and a serialisation failure are one exception, LockTimeout, retried here with
a bound. Advisory locks are numbered below; never reuse or renumber.
"""

import functools
from collections.abc import Callable
from enum import IntEnum
from typing import ParamSpec, TypeVar

import psycopg.errors
from django.db import OperationalError, transaction

from tradingdesk.kernel.errors import LockTimeout

P = ParamSpec("P")
R = TypeVar("R")

ATTEMPTS = 3
BUSY = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)


class AdvisoryLock(IntEnum):
    """First key of pg_advisory locks; the second is the row's id. Searchable on purpose."""

    MARKET_LEADER = 7101
    SETTLEMENT = 7102
    PARTITION = 7103
    VERIFICATION = 7104
    SCENARIO = 7105


def command(function: Callable[P, R]) -> Callable[P, R]:
    """A service: the outermost transaction, durable, retried at most twice when somebody else held the lock for too long."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        for attempt in range(ATTEMPTS):
            try:
                with transaction.atomic(durable=True):
                    return function(*args, **kwargs)
            except OperationalError as error:
                if not isinstance(error.__cause__, BUSY):
                    raise
                if attempt == ATTEMPTS - 1:
                    raise LockTimeout("The account is busy; nothing was changed. Try again.", attempts=ATTEMPTS) from error
        raise AssertionError("unreachable")

    return run
