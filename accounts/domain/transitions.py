"""The state machines of accounts' rows: each one table, from which the database's guard follows (`accounts.guards`)."""

from accounts.enums import AccountStatus, FreezeStatus
from tradingdesk.kernel.transitions import TransitionTable

STANDING = TransitionTable(
    name="account",
    initial=frozenset({AccountStatus.ACTIVE}),
    rows={(AccountStatus.ACTIVE, "SUSPEND"): AccountStatus.SUSPENDED, (AccountStatus.SUSPENDED, "REACTIVATE"): AccountStatus.ACTIVE},
)

FREEZE = TransitionTable(
    name="freeze",
    initial=frozenset({FreezeStatus.OPEN}),
    rows={(FreezeStatus.OPEN, "RESOLVE"): FreezeStatus.RESOLVED},  # once: what was given back is not given back again
)
