"""A journal on its way to the books, and the amounts an account stands at. Pure; `accounts.services.funds` writes them."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from accounts.domain.state import AccountState
from accounts.enums import EntryKind, HousePurpose, JournalKind

# Which house account stands against a client's line.
HOUSE_SIDE = {
    EntryKind.CASH: HousePurpose.CASH_AT_BANK,
    EntryKind.REALISED_PNL: HousePurpose.TRADING_PNL,
    EntryKind.HOLDING_PNL: HousePurpose.TRADING_PNL,
    EntryKind.FEE: HousePurpose.FEES,
    EntryKind.OVERNIGHT_FEE: HousePurpose.FEES,
}


@dataclass(frozen=True, slots=True)
class FundsRow:
    """The stored amounts of one account."""

    account_id: int
    balance: Decimal
    frozen_margin: Decimal
    frozen_fee: Decimal
    margin: Decimal
    floating_loss: Decimal
    version: int
    settled_through: date | None

    @classmethod
    def of(cls, state: AccountState) -> "FundsRow":
        """As the state stands now."""
        return cls(
            state.id, state.balance, state.frozen_margin, state.frozen_fee, state.margin, state.floating_loss, state.version, state.settled_through
        )


@dataclass(slots=True)
class JournalDraft:
    """A journal to be written; `lines` are complete, the house's side of each included."""

    id: int
    market_id: int
    kind: JournalKind
    trading_day: date
    market_time: datetime
    recorded_at: datetime
    fill_id: int | None = None
    actor_id: int | None = None
    reason: str = ""
    request_id: str = ""
    lines: list[tuple[Any, ...]] = field(default_factory=list)

    def post(self, state: AccountState, kind: EntryKind, amount: Decimal, instrument_id: int | None = None) -> None:
        """Moves `amount` to the client (negative: from the client) and the opposite to the house; the state's balance follows."""
        state.balance += amount
        after = (state.version, state.balance, state.frozen, state.margin)
        tail = (self.trading_day, self.recorded_at)
        shared = (instrument_id, kind, state.currency)
        self.lines.append((self.id, self.market_id, state.id, None, *shared, amount, *after, *tail))
        self.lines.append((self.id, self.market_id, None, HOUSE_SIDE[kind], *shared, -amount, None, None, None, None, *tail))
