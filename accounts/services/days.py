"""Brings accounts up to date under their locks: whatever touches an account that a finished trading day has not reached yet settles it first.

`settlement` drives this for every account of a market, `orders` and cash meet the others through `lock_settled_states`; the result is the same whoever comes
first. Prices are fixed before, for all at once, by whoever first touches the new day. Day by day, never twice: `settled_through`.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from accounts.domain.booking import market_time
from accounts.domain.state import AccountState
from accounts.services.marking import settle_day
from accounts.services.states import Locked, lock_states
from quotes.selectors.calendars import calendar_of
from quotes.services.settlement_prices import fix_days
from tradingdesk.kernel import clock, sql
from tradingdesk.kernel.dispatch import notify_accounts_on_commit
from tradingdesk.kernel.locks import command

PRICES = "SELECT trading_day, instrument_id, price FROM quotes_settlementprice WHERE market_id = %s AND trading_day > %s AND trading_day <= %s"
BEGINNING = date(1, 1, 1)


def lock_settled_states(
    account_ids: Iterable[int], instrument_ids: Iterable[int] = (), extras: Sequence[sql.Statement] = (), *, skip_busy: bool = False
) -> Locked:
    """`lock_states`, and accounts that settlement has not reached yet are settled here first; then `extras` are read once more, as settling may have
    changed what they read (a DAY order has expired).
    """
    locked = lock_states(account_ids, instrument_ids, extras, skip_busy=skip_busy)
    _price_days_that_are_over(locked)
    if not _settle_behind(locked):
        return locked
    return Locked(locked.states, locked.dealings, locked.recorded_at, [sql.execute(*extra) for extra in extras])


@command
def settle_accounts(account_ids: Sequence[int]) -> int:
    """Settles accounts for every priced day they have not had; how many account days. Harmless to run again; LockTimeout when busy."""
    locked = lock_states(account_ids)
    settled = _settle_behind(locked)
    notify_accounts_on_commit({state.id: state.version for state in locked.states.values()} if settled else {})
    return settled


def is_behind(state: AccountState) -> bool:
    """Whether a day's prices are fixed that the account has not been settled at."""
    return state.priced_through is not None and (state.settled_through or BEGINNING) < state.priced_through


def _price_days_that_are_over(locked: Locked) -> None:
    # A lot of a day that is over must be marked at that day's price before anything of the new day touches it. Markets that settle on time never come here.
    over: dict[int, date] = {}
    for state in locked.states.values():
        day = _last_day_over(state, locked)
        if day is not None and (state.priced_through or BEGINNING) < day:
            over[state.market_id] = max(day, over.get(state.market_id, day))
    for market_id, day in over.items():
        states = [state for state in locked.states.values() if state.market_id == market_id]
        _price_through(market_id, day, states, locked)


def _last_day_over(state: AccountState, locked: Locked) -> date | None:
    # The trading day before the calendar's, if the account holds lots from then or before.
    for lot in state.lots:
        dealing = locked.dealings.get((state.market_id, lot.instrument_id))
        if dealing is not None:
            calendar = calendar_of(dealing.calendar_id)
            today = calendar.trading_day(market_time(state, dealing, clock.now()))
            if lot.trading_day < today:
                return calendar.previous_trading_day(today)
    return None


def _price_through(market_id: int, day: date, states: Sequence[AccountState], locked: Locked) -> None:
    held = [lot for state in states for lot in state.lots if lot.trading_day <= day]
    calendar = calendar_of(locked.dealings[market_id, held[0].instrument_id].calendar_id)
    priced = states[0].priced_through
    fix_days(market_id, calendar, calendar.next_trading_day(priced) if priced else min(lot.trading_day for lot in held), day)
    for state in states:
        state.priced_through = day


def _settle_behind(locked: Locked) -> int:
    behind: dict[int, list[AccountState]] = {}
    for state in locked.states.values():
        if is_behind(state):
            behind.setdefault(state.market_id, []).append(state)
    return sum(_settle_through(market_id, states, locked) for market_id, states in behind.items())


def _settle_through(market_id: int, states: Sequence[AccountState], locked: Locked) -> int:
    since = min(state.settled_through or BEGINNING for state in states)
    through = max(state.priced_through for state in states if state.priced_through)
    days: dict[date, dict[int, Decimal]] = {through: {}}
    for day, instrument_id, price in sql.fetch_all(PRICES, [market_id, since, through]):
        days.setdefault(day, {})[instrument_id] = price
    settled = 0
    for day in sorted(days):
        due = [state for state in states if (state.settled_through or BEGINNING) < day]
        settle_day(day, due, days[day], locked)
        settled += len(due)
    for state in states:
        state.revalue(locked.dealings)
    return settled
