"""Marking lots to the settlement price, and what holding them overnight costs (rules/futures.md §2.2, §2.3). Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from accounts.domain.state import LotState
from quotes.domain.dealing import Rates
from tradingdesk.kernel import money
from tradingdesk.kernel.money import ZERO


@dataclass(frozen=True, slots=True)
class Mark:
    """A lot that was marked: `basis_price` is what its P&L ran from, `price` what it runs from now; `margin` is at the new price and rates."""

    lot: LotState
    basis_price: Decimal
    price: Decimal
    pnl: Decimal
    margin: Decimal
    margin_change: Decimal


def mark_lots(lots: Iterable[LotState], prices: Mapping[int, Decimal | None], next_rates: Mapping[int, Rates]) -> list[Mark]:
    """Holding P&L of each lot from its basis to the settlement price (None: it stays at its basis); the lots carry the new basis and margin afterwards."""
    marks = []
    for lot in lots:
        given, rates = prices[lot.instrument_id], next_rates[lot.instrument_id]
        price = lot.basis_price if given is None else given
        pnl, margin = lot.pnl(price, lot.quantity, rates.multiplier), rates.margin(price, lot.quantity)
        marks.append(Mark(lot, lot.basis_price, price, pnl, margin, margin - lot.margin))
        lot.basis_price, lot.margin = price, margin
    return marks


def overnight_fees(lots: Iterable[LotState], rates: Mapping[int, Rates]) -> dict[int, Decimal]:
    """The fee for holding lots past the end of the day, per instrument, to the cent; instruments without such a fee are absent."""
    fees: dict[int, Decimal] = {}
    for lot in lots:
        fees[lot.instrument_id] = fees.get(lot.instrument_id, ZERO) + lot.quantity * rates[lot.instrument_id].overnight_per_lot
    return {instrument_id: money.cents_half_up(fee) for instrument_id, fee in fees.items() if fee}
