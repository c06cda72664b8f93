"""Sets of statuses that the guards speak of, from the transition table, as SQL lists."""

from collections.abc import Iterable

from orders.domain.transitions import ORDER, RESTING
from orders.enums import OrderAction, OrderStatus


def texts(words: Iterable[str]) -> str:
    """As they stand between the brackets of IN ()."""
    return ", ".join(f"'{word}'" for word in sorted(words))


_ENDINGS = (OrderAction.CANCEL, OrderAction.EXPIRE)
GIVEN_UP = frozenset(status for (_, action), status in ORDER.rows.items() if action in _ENDINGS)  # what was left of the freeze was given back
HALF_WAY = ORDER.statuses - ORDER.terminal - RESTING  # never committed
FILLABLE = frozenset(status for status, action in ORDER.rows if action == OrderAction.FILL_REST)
FREED = ORDER.terminal - {OrderStatus.DENIED}  # nothing is frozen any more
