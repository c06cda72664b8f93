"""The order of the steps in the event log (DESIGN §4): which step must stand before which, of the same order."""

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

FILL_STEPS = (T.MATCHED, T.FILLED, T.RELEASED, T.POSITIONED, T.SETTLED)
