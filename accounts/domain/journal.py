"""A journal on its way to the books, and the amounts an account stands at. Pure; `accounts.services.funds` writes them."""

from collections.abc import Iterable
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
    EntryKind.COMPENSATION: HousePurpose.BAD_DEBT,
}


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
    lines: list[dict[str, Any]] = field(default_factory=list)

    def post(self, state: AccountState, kind: EntryKind, amount: Decimal, instrument_id: int | None = None) -> None:
        """Moves `amount` to the client (negative: from the client) and the opposite to the house; the state's balance follows."""
        state.balance += amount
        shared: dict[str, Any] = {
            "journal_id": self.id,
            "market_id": self.market_id,
            "instrument_id": instrument_id,
            "kind": kind,
            "currency": state.currency,
        }
        shared |= {"trading_day": self.trading_day, "recorded_at": self.recorded_at}
        after = {"account_version": state.version, "balance_after": state.balance, "frozen_after": state.frozen, "margin_after": state.margin}
        self.lines.append({**shared, **after, "account_id": state.id, "amount": amount, "line": len(self.lines)})
        self.lines.append({**shared, "purpose": HOUSE_SIDE[kind], "amount": -amount, "line": len(self.lines)})


@dataclass(frozen=True, slots=True)
class FundsRow:
    """What the account stands at once its `journals` are posted; they, and they alone, move its balance."""

    account_id: int
    frozen_margin: Decimal
    frozen_fee: Decimal
    margin: Decimal
    floating_loss: Decimal
    version: int
    settled_through: date | None
    journals: tuple[JournalDraft, ...] = ()

    @classmethod
    def of(cls, state: AccountState, journals: Iterable[JournalDraft] = ()) -> "FundsRow":
        """As the state stands now, after these journals."""
        amounts = (state.frozen_margin, state.frozen_fee, state.margin, state.floating_loss)
        return cls(state.id, *amounts, state.version, state.settled_through, tuple(journals))
