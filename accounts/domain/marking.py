"""Marking lots to the settlement price, what holding them overnight costs, and what a day ends with: calls and deficits (rules/futures.md §2.2–§2.6). Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from accounts.domain.lots import LotState
from accounts.domain.margins import charged
from accounts.domain.state import AccountState
from accounts.enums import DeficitRule, VariationCall
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
    is_regrouped: bool


def mark_lots(lots: Iterable[LotState], prices: Mapping[int, Decimal | None], next_rates: Mapping[int, Rates]) -> list[Mark]:
    """Holding P&L of each lot from its basis to the settlement price (None: it stays at its basis); the lots carry the new basis, margin
    and margin group afterwards."""
    marks = []
    for lot in lots:
        given, rates = prices[lot.instrument_id], next_rates[lot.instrument_id]
        price = lot.basis_price if given is None else given
        pnl, margin = lot.pnl(price, lot.quantity, rates.multiplier), rates.margin(price, lot.quantity)
        marks.append(Mark(lot, lot.basis_price, price, pnl, margin, margin - lot.margin, lot.margin_group != rates.margin_group))
        lot.basis_price, lot.margin, lot.margin_group = price, margin, rates.margin_group
    return marks


def overnight_fees(lots: Iterable[LotState], rates: Mapping[int, Rates]) -> dict[int, Decimal]:
    """The fee for holding lots past the end of the day, per instrument, to the cent; instruments without such a fee are absent."""
    fees: dict[int, Decimal] = {}
    for lot in lots:
        fees[lot.instrument_id] = fees.get(lot.instrument_id, ZERO) + lot.quantity * rates[lot.instrument_id].overnight_per_lot
    return {instrument_id: money.cents_half_up(fee) for instrument_id, fee in fees.items() if fee}


def deficit_to_write_off(state: AccountState) -> Decimal:
    """What the house bears of a negative balance once nothing is open and nothing frozen; zero where the client owes it (rules/futures.md §6.1, §6.3)."""
    if state.deficit != DeficitRule.WRITTEN_OFF or state.lots or state.frozen:
        return ZERO
    return max(-state.balance, ZERO)


def margin_call(state: AccountState, next_rates: Mapping[int, Rates]) -> Decimal:
    """What the account is asked for once its lots are marked, so that equity is balance: up to its margin (§2.6); US-style (§2.5) only when the balance is
    below maintenance margin, and then up to initial margin, or to maintenance, as the tier says. Larger sides count in maintenance as in margin.
    """
    if state.variation_call == VariationCall.NONE:
        return max(state.margin - state.balance, ZERO)
    maintenance = charged((lot.margin_group, lot.side, next_rates[lot.instrument_id].maintenance(lot.quantity)) for lot in state.lots)
    if state.balance >= maintenance:
        return ZERO
    restored = state.margin if state.variation_call == VariationCall.INITIAL else maintenance
    return max(restored - state.balance, ZERO)
