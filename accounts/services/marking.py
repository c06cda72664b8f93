"""One trading day of locked accounts: lots marked at the settlement price, the P&L paid into the balance, overnight fees charged, tomorrow's margin set, a
deficit written off where the tier says so, a margin call recorded (nobody collects it here), and the day's snapshot left.

`accounts.services.days` decides for whom and when. Inside the caller's transaction, under the accounts' locks.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from accounts.domain.booking import market_time
from accounts.domain.journal import FundsRow, JournalDraft
from accounts.domain.marking import Mark, deficit_to_write_off, margin_call, mark_lots, overnight_fees
from accounts.domain.state import AccountState
from accounts.enums import EntryKind, JournalKind, LotChangeKind
from accounts.exceptions import UnpricedInstrument
from accounts.models import AccountDay, Journal, LotChange
from accounts.services.funds import write_funds
from accounts.services.states import Locked
from quotes.domain.dealing import Dealing, Rates
from quotes.selectors.calendars import calendar_of
from tradingdesk.kernel import sql
from tradingdesk.kernel.money import ZERO

DayEnder = Callable[[Sequence[AccountState], date, Locked], None]
# What higher layers end with a day, under the lock that settles it: orders registers the expiry of DAY orders. They change the states they are given.
day_enders: list[DayEnder] = []

REGROUP_LOTS = """
UPDATE accounts_lot l SET margin_group = n.margin_group FROM json_to_recordset(%s::json) AS n(id bigint, margin_group text) WHERE l.id = n.id"""
# What the day's entries add up to: everything booked after the last snapshot, up to this day.
DAY_SUMS = """
SELECT a.id, coalesce(d.closing_balance, 0), coalesce(s.cash, 0), coalesce(s.realised, 0), coalesce(s.holding, 0), coalesce(s.fees, 0),
    coalesce(s.compensation, 0)
FROM unnest(%s::bigint[]) AS a(id)
LEFT JOIN LATERAL (
    SELECT trading_day, closing_balance FROM accounts_accountday WHERE account_id = a.id ORDER BY trading_day DESC LIMIT 1) d ON true
LEFT JOIN LATERAL (
    SELECT sum(amount) FILTER (WHERE kind = 'CASH') AS cash, sum(amount) FILTER (WHERE kind = 'REALISED_PNL') AS realised,
        sum(amount) FILTER (WHERE kind = 'HOLDING_PNL') AS holding, -sum(amount) FILTER (WHERE kind IN ('FEE', 'OVERNIGHT_FEE')) AS fees,
        sum(amount) FILTER (WHERE kind = 'COMPENSATION') AS compensation
    FROM accounts_entry e
    WHERE e.account_id = a.id AND e.trading_day <= %s AND (d.trading_day IS NULL OR e.trading_day > d.trading_day)) s ON true"""


@dataclass(frozen=True, slots=True)
class SettledDay:
    """What the day made of one account. `margin_call` is what it is asked for."""

    state: AccountState
    journal: JournalDraft
    marks: list[Mark]
    margin_call: Decimal


def settle_day(day: date, states: Sequence[AccountState], prices: Mapping[int, Decimal | None], locked: Locked) -> None:
    """Settles locked accounts at the day's prices, {instrument id: price}; every instrument they hold from that day or before must be there (None: the
    desk says that it has no price that day, and its lots keep their basis).

    Whatever ends with the day ends first (`day_enders`). Changes the states and writes lots, journals, funds and the day's snapshot.
    """
    for end_day in day_enders:
        end_day(states, day, locked)
    counts = {Journal: len(states)}
    journal_ids = sql.read_ids(sql.execute(*sql.ids_statement(counts)), counts)[Journal]
    settled = [_settle(state, day, prices, locked, next(journal_ids)) for state in states]
    marks = [mark for one in settled for mark in one.marks]
    with sql.pipeline():
        sql.insert(LotChange, [_change(mark, one.state, day, locked.recorded_at) for one in settled for mark in one.marks])
        if regrouped := [{"id": mark.lot.id, "margin_group": mark.lot.margin_group} for mark in marks if mark.is_regrouped]:
            sql.execute(REGROUP_LOTS, [sql.rows_json(regrouped)])
        write_funds(FundsRow.of(one.state, [one.journal] if one.journal.lines else ()) for one in settled)
    _snapshot(day, settled, locked.recorded_at)


def _settle(state: AccountState, day: date, prices: Mapping[int, Decimal | None], locked: Locked, journal_id: int) -> SettledDay:
    state.version += 1
    dealings = {d.instrument_id: d for (market_id, _), d in locked.dealings.items() if market_id == state.market_id}
    journal = JournalDraft(
        id=journal_id,
        market_id=state.market_id,
        kind=JournalKind.SETTLEMENT,
        trading_day=day,
        market_time=_market_time(state, dealings, locked.recorded_at),
        recorded_at=locked.recorded_at,
        reason=f"Settlement of {day}",
    )
    next_rates = {d.instrument_id: d.rates_on(calendar_of(d.calendar_id).next_trading_day(day), state.margin_factor) for d in dealings.values()}
    marks = _mark(state, day, prices, next_rates, journal)
    nights = overnight_fees((mark.lot for mark in marks), {d.instrument_id: d.rates_on(day) for d in dealings.values()})
    for instrument_id, fee in nights.items():
        journal.post(state, EntryKind.OVERNIGHT_FEE, -fee, instrument_id)
    if deficit := deficit_to_write_off(state):
        journal.post(state, EntryKind.COMPENSATION, deficit)
    state.settled_through = day
    state.revalue(locked.dealings)
    return SettledDay(state, journal, marks, margin_call(state, next_rates))


def _mark(state: AccountState, day: date, prices: Mapping[int, Decimal | None], next_rates: Mapping[int, Rates], journal: JournalDraft) -> list[Mark]:
    # Lots opened on a later day are that day's business.
    lots = [lot for lot in state.lots if lot.trading_day <= day]
    unpriced = sorted({lot.instrument_id for lot in lots} - prices.keys())
    if unpriced:
        raise UnpricedInstrument(f"There is no price to settle {day} at.", account=state.id, instruments=unpriced, day=str(day))
    marks = mark_lots(lots, prices, next_rates)
    state.charge_margin()
    for instrument_id, pnl in _sums(marks).items():
        journal.post(state, EntryKind.HOLDING_PNL, pnl, instrument_id)
    return marks


def _market_time(state: AccountState, dealings: dict[int, Dealing], wall_time: datetime) -> datetime:
    return max((market_time(state, dealing, wall_time) for dealing in dealings.values()), default=wall_time)


def _sums(marks: Sequence[Mark]) -> dict[int, Decimal]:
    sums: dict[int, Decimal] = {}
    for mark in marks:
        sums[mark.lot.instrument_id] = sums.get(mark.lot.instrument_id, ZERO) + mark.pnl
    return sums


def _change(mark: Mark, state: AccountState, day: date, recorded_at: datetime) -> dict[str, Any]:
    return {
        "lot_id": mark.lot.id,
        "account_id": state.id,
        "kind": LotChangeKind.MARK,
        "fill_id": None,
        "quantity_change": ZERO,
        "margin_change": mark.margin_change,
        "price": mark.price,
        "basis_price": mark.basis_price,
        "pnl": mark.pnl,
        "account_version": state.version,
        "trading_day": day,
        "recorded_at": recorded_at,
    }


def _snapshot(day: date, settled: Sequence[SettledDay], recorded_at: datetime) -> None:
    sums = {row[0]: row[1:] for row in sql.fetch_all(DAY_SUMS, [[one.state.id for one in settled], day])}
    rows = []
    for one in settled:
        state = one.state
        opening, cash, realised, holding, fees, compensation = sums[state.id]
        rows.append(
            {
                "market_id": state.market_id,
                "account_id": state.id,
                "trading_day": day,
                "currency": state.currency,
                "opening_balance": opening,
                "cash": cash,
                "realised_pnl": realised,
                "holding_pnl": holding,
                "fees": fees,
                "compensation": compensation,
                "closing_balance": opening + cash + realised + holding - fees + compensation,
                "frozen": state.frozen,
                "margin": state.margin,
                "margin_call": one.margin_call,
                "lots": len(one.marks),
                "account_version": state.version,
                "recorded_at": recorded_at,
            }
        )
    sql.insert(AccountDay, rows)
