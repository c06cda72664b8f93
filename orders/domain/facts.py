"""What a batch did, collected while it is decided and written afterwards in one go. Ids were reserved beforehand, so rows can refer to each other."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from accounts.domain.journal import FundsRow, JournalDraft
from accounts.domain.lots import LotState
from accounts.domain.state import AccountState
from accounts.enums import EntryKind, JournalKind, LotChangeKind
from orders.domain.order import FreezeState, WorkingOrder
from orders.enums import OrderStep
from quotes.domain.dealing import Quote
from tradingdesk.kernel import money


@dataclass(slots=True)
class Facts:
    """Rows by kind, in the order they came about. `recorded_at` was read under the locks."""

    recorded_at: datetime
    order_ids: Iterator[int]
    event_ids: Iterator[int]
    fill_ids: Iterator[int]
    lot_ids: Iterator[int]
    journal_ids: Iterator[int]
    placed: list[dict[str, Any]] = field(default_factory=list)
    orders: dict[int, WorkingOrder] = field(default_factory=dict)
    new_freezes: list[dict[str, Any]] = field(default_factory=list)
    freezes: dict[int, FreezeState] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    fills: list[dict[str, Any]] = field(default_factory=list)
    lots: list[dict[str, Any]] = field(default_factory=list)
    charged_lots: dict[int, LotState] = field(default_factory=dict)
    lot_changes: list[dict[str, Any]] = field(default_factory=list)
    unposted: dict[int, list[JournalDraft]] = field(default_factory=dict)
    funds: list[FundsRow] = field(default_factory=list)
    versions: dict[int, int] = field(default_factory=dict)

    def stand(self, state: AccountState) -> None:
        """The account's amounts are to be written as they are now, with the journals that led there."""
        self.funds.append(FundsRow.of(state, self.unposted.pop(state.id, ())))
        self.versions[state.id] = state.version

    def event(
        self, order: WorkingOrder, state: AccountState | None, step: OrderStep, at: datetime, fill_id: int | None = None, **data: Decimal | str
    ) -> None:
        """A step of an order, with the account's amounts after it (none where nothing was accepted)."""
        self.events.append(
            {
                "id": next(self.event_ids),
                "order_id": order.id,
                "account_id": order.account_id,
                "fill_id": fill_id,
                "step": step,
                "status": order.status,
                "data": {k: money.text(v) if isinstance(v, Decimal) else v for k, v in data.items()},
                "account_version": state.version if state else None,
                "balance_after": state.balance if state else None,
                "frozen_after": state.frozen if state else None,
                "margin_after": state.margin if state else None,
                "actor_id": order.actor_id,
                "request_id": order.request_id,
                "market_time": at,
                "recorded_at": self.recorded_at,
            }
        )

    def fill(
        self,
        order: WorkingOrder,
        state: AccountState,
        quote: Quote,
        day: date,
        *,
        quantity: Decimal,
        price: Decimal,
        fee: Decimal,
        pnl: Decimal,
        captured: tuple[Decimal, Decimal],
        id: int,
    ) -> None:
        """An execution with the quote it used inline, and the margin and fee it `captured` of the order's freeze."""
        self.fills.append(
            {
                "id": id,
                "order_id": order.id,
                "account_id": order.account_id,
                "market_id": order.market_id,
                "instrument_id": order.instrument_id,
                "side": order.side,
                "effect": order.effect,
                "quantity": quantity,
                "price": price,
                "fee": fee,
                "realised_pnl": pnl,
                "captured_margin": captured[0],
                "captured_fee": captured[1],
                "quote_seq": quote.seq,
                "quote_bid": quote.bid,
                "quote_ask": quote.ask,
                "quote_time": quote.time,
                "quote_source": quote.source,
                "account_version": state.version,
                "trading_day": day,
                "recorded_at": self.recorded_at,
            }
        )

    def lot_opened(self, lot: LotState, fill_id: int) -> None:
        """A new lot."""
        self.lots.append(
            {
                "id": lot.id,
                "account_id": lot.account_id,
                "instrument_id": lot.instrument_id,
                "side": lot.side,
                "opening_fill_id": fill_id,
                "opened_quantity": lot.opened_quantity,
                "quantity": lot.quantity,
                "open_price": lot.open_price,
                "basis_price": lot.basis_price,
                "margin": lot.margin,
                "margin_group": lot.margin_group,
                "charged_today": lot.charged_today,
                "trading_day": lot.trading_day,
                "opened_at": self.recorded_at,
            }
        )

    def lot_changed(
        self,
        lot: LotState,
        state: AccountState,
        kind: LotChangeKind,
        day: date,
        fill_id: int,
        *,
        quantity: Decimal,
        margin: Decimal,
        price: Decimal,
        pnl: Decimal,
    ) -> None:
        """A line of the lot's own history; the P&L ran from the basis it has now."""
        self.lot_changes.append(
            {
                "lot_id": lot.id,
                "account_id": lot.account_id,
                "kind": kind,
                "fill_id": fill_id,
                "quantity_change": quantity,
                "margin_change": margin,
                "price": price,
                "basis_price": lot.basis_price,
                "pnl": pnl,
                "account_version": state.version,
                "trading_day": day,
                "recorded_at": self.recorded_at,
            }
        )

    def settle(self, order: WorkingOrder, state: AccountState, day: date, at: datetime, fill_id: int, *, pnl: Decimal | None, fee: Decimal) -> None:
        """The fill's journal: realised P&L where lots were closed, and always the fee, each against the house."""
        journal = JournalDraft(
            id=next(self.journal_ids),
            market_id=order.market_id,
            kind=JournalKind.FILL,
            trading_day=day,
            market_time=at,
            recorded_at=self.recorded_at,
            fill_id=fill_id,
            actor_id=order.actor_id,
            request_id=order.request_id,
        )
        if pnl is not None:
            journal.post(state, EntryKind.REALISED_PNL, pnl, order.instrument_id)
        journal.post(state, EntryKind.FEE, -fee, order.instrument_id)
        self.unposted.setdefault(state.id, []).append(journal)
