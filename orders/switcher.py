"""The accounts one can change to, with what each stands at: read together, whatever their number."""

from dataclasses import dataclass
from decimal import Decimal

from accounts.domain.state import margin_level
from accounts.models import Account, User
from accounts.reading import read_states
from accounts.selectors import tradable_by
from orders.screens import level
from tradingdesk.kernel.money import ZERO

MOST = 200


@dataclass(frozen=True, slots=True)
class Glance:
    """One row. `state` is where its margin level stands: none, calm, watch or call; lots of all instruments and sides together."""

    account: Account
    equity: Decimal
    margin_level: Decimal | None
    state: str
    lots: Decimal


def accounts_at_a_glance(user: User) -> list[Glance]:
    """The accounts a user trades, by number, the first MOST of them."""
    accounts = list(tradable_by(user).order_by("number")[:MOST])
    read = read_states([account.pk for account in accounts])
    rows = []
    for account in accounts:
        state = read.states[account.pk]
        at = margin_level(state.equity, state.margin)
        rows.append(Glance(account, state.equity, at, str(level(account.tier, at)["state"]), sum((lot.quantity for lot in state.lots), ZERO)))
    return rows
