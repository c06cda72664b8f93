"""Account locks, by pk. The account row covers its orders, freezes, lots and money; every command takes it first and reads afterwards.

FOR NO KEY UPDATE, so that inserting rows which refer to the account is not held up. What is read must be read in a later statement than the lock:
a join in the locking statement would see the other tables as they were before the wait.
"""

from collections.abc import Iterable
from typing import Any

import psycopg
from django.db import connection

from tradingdesk.kernel import sql


def lock_accounts(account_ids: Iterable[int], *, skip_busy: bool = False) -> psycopg.Cursor[Any]:
    """Locks the accounts, ascending; yields (id,) of those that exist. Inside a transaction only.

    With `skip_busy` accounts that somebody else holds are passed over instead of waited for: they are absent from the answer, and not locked.
    """
    assert connection.in_atomic_block, "a lock outside a transaction is gone before it is used"
    statement = "SELECT id FROM accounts_account WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
    return sql.execute(statement + (" SKIP LOCKED" if skip_busy else ""), [sorted(set(account_ids))])
