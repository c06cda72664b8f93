"""The house order's state machine (DESIGN §4): one table, from which the terminal set and the database's guard follow."""

from orders.enums import OrderAction as A
from orders.enums import OrderStatus as S
from tradingdesk.kernel.transitions import TransitionTable

ORDER = TransitionTable(
    name="order",
    initial=frozenset({S.PLACED, S.DENIED}),  # DENIED only from the start: nothing has moved
    rows={
        (S.PLACED, A.FREEZE): S.FROZEN,
        (S.FROZEN, A.REST): S.WORKING,
        (S.FROZEN, A.FILL_PART): S.PARTIALLY_FILLED,
        (S.FROZEN, A.FILL_REST): S.FILLED,
        (S.FROZEN, A.CANCEL): S.CANCELED,  # IOC that found no match
        (S.WORKING, A.FILL_PART): S.PARTIALLY_FILLED,
        (S.WORKING, A.FILL_REST): S.FILLED,
        (S.WORKING, A.CANCEL): S.CANCELED,
        (S.WORKING, A.EXPIRE): S.EXPIRED,
        (S.PARTIALLY_FILLED, A.FILL_PART): S.PARTIALLY_FILLED,
        (S.PARTIALLY_FILLED, A.FILL_REST): S.FILLED,
        (S.PARTIALLY_FILLED, A.CANCEL): S.CANCELED,
        (S.PARTIALLY_FILLED, A.EXPIRE): S.EXPIRED,
    },
)

RESTING = frozenset({S.WORKING, S.PARTIALLY_FILLED})  # may be filled by a later tick, canceled or expired
