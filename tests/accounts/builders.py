"""Values for tests of pure code: lots, states, dealings, with everything beside the point left out."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from accounts.domain.lots import LotState
from accounts.domain.state import AccountState
from quotes.domain.dealing import Dealing, Quote

D = Decimal
MONDAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def lot(quantity: str = "1", price: str = "2000", *, side: str = "LONG", margin: str = "0", id: int = 1, **fields: Any) -> LotState:
    """A lot of instrument 1, opened on Monday and never marked."""
    values = {"account_id": 1, "instrument_id": 1, "opened_quantity": D(quantity), "open_price": D(price), "trading_day": MONDAY}
    return LotState(**{**values, "id": id, "side": side, "quantity": D(quantity), "basis_price": D(price), "margin": D(margin), **fields})


def state(**fields: Any) -> AccountState:
    """An active account with 100,000.00 and nothing else, in market 1."""
    values: dict[str, Any] = {"id": 1, "market_id": 1, "currency": "USD", "status": "ACTIVE", "floating_rule": "LOSSES_ONLY", "margin_factor": D(1)}
    values |= {"max_order_quantity": None, "max_position_quantity": None, "clock": "WALL", "priced_through": None, "settled_through": None}
    amounts = {"balance": D(100_000), "frozen_margin": D(0), "frozen_fee": D(0), "margin": D(0), "version": 1}
    return AccountState(**{**values, **amounts, **fields})


def quote(bid: str, ask: str, **fields: Any) -> Quote:
    return Quote(**{"seq": 1, "time": NOON, "bid": D(bid), "ask": D(ask), "source": "test", "received_at": NOON, **fields})


def dealing(in_force: Quote | None = None, **fields: Any) -> Dealing:
    """Instrument 1 in market 1, multiplier 100, without fees or margin."""
    values: dict[str, Any] = {"market_id": 1, "instrument_id": 1, "symbol": "GOLD", "currency": "USD", "is_active": True, "calendar_id": 1}
    values |= {"max_quote_age_seconds": 10, "multiplier": D(100), "tick_size": D("0.01"), "quantity_step": D(1), "max_order_quantity": None}
    values |= {"product": "GOLD", "margin_basis": "ORDER_PRICE", "close_order": "FIFO", "fee_age": "FIFO", "priced_through": None}
    values |= {"previous_settlement": None, "fees": (), "margins": (), "quote": in_force, "quote_day": MONDAY if in_force else None}
    return Dealing(**{**values, **fields})
