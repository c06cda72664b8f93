"""Accounts under their locks: locks, then reads, in one round trip. Every command on accounts begins here."""

from collections.abc import Iterable, Sequence

from accounts.reading import Read as Locked
from accounts.reading import read_states
from tradingdesk.kernel import sql
from tradingdesk.kernel.errors import NotFound

__all__ = ["Locked", "lock_states"]


def lock_states(
    account_ids: Iterable[int], instrument_ids: Iterable[int] = (), extras: Sequence[sql.Statement] = (), *, skip_busy: bool = False
) -> Locked:
    """Locks the accounts by pk and reads them. Inside a transaction only.

    Raises NotFound when one of them does not exist; with `skip_busy` accounts that somebody else holds are absent, and nothing is raised.
    """
    ids = set(account_ids)
    locked = read_states(ids, instrument_ids, extras, lock=True, skip_busy=skip_busy)
    if skip_busy:
        return locked
    if missing := sorted(ids - set(locked.states)):
        raise NotFound("There is no such account.", accounts=missing)
    return locked
