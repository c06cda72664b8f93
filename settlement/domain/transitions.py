"""The state machine of a settlement run, from which the database's guard follows (`settlement.guards`)."""

from settlement.enums import RunStatus
from tradingdesk.kernel.transitions import TransitionTable

RUN = TransitionTable(
    name="settlement run",
    initial=frozenset({RunStatus.RUNNING}),
    rows={(RunStatus.RUNNING, "FINISH"): RunStatus.DONE},  # a day that is settled is not settled again
)
