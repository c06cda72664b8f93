"""The order of the steps in the event log (DESIGN §4): which step must stand before which, and after which it cannot come, of the same order."""

from types import MappingProxyType

from orders.enums import OrderStep as T

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

# step → steps of the same order after which it can no longer come: an order is accepted or denied, and nothing follows its end
BARRED_BY = MappingProxyType(
    {
        T.PLACED: (T.DENIED,),
        T.DENIED: (T.PLACED,),
        T.RESTED: (T.CANCELED, T.EXPIRED),
        T.MATCHED: (T.CANCELED, T.EXPIRED),
        T.CANCELED: (T.EXPIRED,),
        T.EXPIRED: (T.CANCELED,),
    }
)

FILL_STEPS = (T.MATCHED, T.FILLED, T.RELEASED, T.POSITIONED, T.SETTLED)
