"""The order of the steps in the event log (DESIGN §4): what begins it, which step must stand before which, what ends it. All of the same order."""

from types import MappingProxyType

from orders.enums import OrderStatus as S
from orders.enums import OrderStep as T

# An order is accepted or denied, and nothing stands before that.
FIRST = (T.PLACED, T.DENIED)

# step → (the step that must come before it, whether of the same fill)
PREDECESSOR = MappingProxyType(
    {
        T.FROZEN: (T.PLACED, False),
        T.RESTED: (T.FROZEN, False),
        T.MATCHED: (T.FROZEN, False),
        T.FILLED: (T.MATCHED, True),
        T.RELEASED: (T.FILLED, True),
        T.POSITIONED: (T.RELEASED, True),
        T.SETTLED: (T.POSITIONED, True),
        T.CANCELED: (T.FROZEN, False),
        T.EXPIRED: (T.FROZEN, False),
    }
)

# Of each fill, once, in this order. These steps name their fill, the others none.
FILL_STEPS = (T.MATCHED, T.FILLED, T.RELEASED, T.POSITIONED, T.SETTLED)

# Nothing follows: neither one of the others, nor what is missing of a fill.
ENDS = (T.DENIED, T.CANCELED, T.EXPIRED)

# What an order that was filled in full can no longer do; the rest of its last fill's steps still follows.
OF_AN_OPEN_ORDER = (T.RESTED, T.MATCHED, T.CANCELED, T.EXPIRED)

# step → what the order is after it. A fill's steps: what it is before the fill when it is matched, PARTIALLY_FILLED or FILLED from then on.
STATUS_AFTER = MappingProxyType(
    {
        T.PLACED: (S.PLACED,),
        T.FROZEN: (S.FROZEN,),
        T.RESTED: (S.WORKING,),
        T.CANCELED: (S.CANCELED,),
        T.EXPIRED: (S.EXPIRED,),
        T.DENIED: (S.DENIED,),
        T.MATCHED: (S.FROZEN, S.WORKING, S.PARTIALLY_FILLED),
        **dict.fromkeys(FILL_STEPS[1:], (S.PARTIALLY_FILLED, S.FILLED)),
    }
)
