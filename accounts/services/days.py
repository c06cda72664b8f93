"""Brings accounts up to date under their locks: whatever touches an account that a finished trading day has not reached yet settles it first.

`settlement` drives this for every account of a market, `orders` and cash meet the others through `lock_settled_states`; the result is the same whoever comes
first. Prices are fixed before, for all at once, by whoever first touches the new day. Day by day, never twice: `settled_through`.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Min

from accounts.domain.state import AccountState
from accounts.exceptions import TooFarBehind
from accounts.models import Journal
from accounts.services.marking import settle_day
from accounts.services.states import Locked, lock_states
from quotes.domain.calendar import Calendar
from quotes.enums import MarketClock
from quotes.selectors.calendars import calendar_of
from quotes.selectors.markets import BEFORE_FIRST_DAY
from quotes.services.settlement_prices import fix_now
from tradingdesk.kernel import clock, sql
from tradingdesk.kernel.dispatch import notify_accounts_on_commit
from tradingdesk.kernel.locks import command

PRICES = "SELECT trading_day, instrument_id, price FROM quotes_settlementprice WHERE market_id = %s AND trading_day > %s AND trading_day <= %s"
BEGINNING = date(1, 1, 1)
MOST_DAYS = 40  # priced inside one command: some hundred milliseconds; more is the scheduled settlement's work


def lock_settled_states(
    account_ids: Iterable[int],
    instrument_ids: Iterable[int] = (),
    extras: Sequence[sql.Statement] = (),
    *,
    skip_busy: bool = False,
    at: datetime | None = None,
) -> Locked:
    """`lock_states`, and accounts that settlement has not reached yet are settled here first; then everything is read once more, as pricing and settling
    change it (the previous settlement price, a DAY order that has expired). `at`: the market time of what is to be done, where it lies before now.

    Raises NotFound, TooFarBehind (more than a few days are missing: the scheduled settlement comes first) and UnpricedInstrument.
    """
    locked = lock_states(account_ids, instrument_ids, extras, skip_busy=skip_busy)
    has_priced = _price_days_that_are_over(locked, at)
    if not _settle_behind(locked) and not has_priced:
        return locked
    return lock_states(locked.states, instrument_ids, extras)


@command
def settle_accounts(account_ids: Sequence[int]) -> int:
    """Settles accounts for every priced day they have not had; how many account days. Harmless to run again; LockTimeout when busy."""
    return _settle_behind(lock_states(account_ids))


def is_behind(state: AccountState) -> bool:
    """Whether a day's prices are fixed that the account has not been settled at."""
    return state.priced_through is not None and (state.settled_through or BEGINNING) < state.priced_through


def _price_days_that_are_over(locked: Locked, at: datetime | None) -> bool:
    # A day that is over is priced before anything of the new day is booked. Markets that settle on time never come here.
    over: dict[int, date] = {}
    for state in locked.states.values():
        day = _last_day_over(state, at)
        if day is not None and _is_unpriced(state, day):
            over[state.market_id] = day
    priced = [
        _price_through(market_id, day, [state for state in locked.states.values() if state.market_id == market_id])
        for market_id, day in sorted(over.items())
    ]
    return any(priced)


def _last_day_over(state: AccountState, at: datetime | None) -> date | None:
    # The trading day before the one the market is in; none in a market of recorded days before its first tick.
    now = clock.now() if state.clock == MarketClock.WALL else state.own_time
    if now is None or state.calendar_id is None:
        return None
    calendar = calendar_of(state.calendar_id)
    return calendar.previous_trading_day(calendar.trading_day(min(now, at) if at else now))


def _is_unpriced(state: AccountState, day: date) -> bool:
    if state.priced_through is not None:
        return state.priced_through < day
    # A market's first price: only once something of this account is as old as that.
    opened = calendar_of(state.calendar_id).trading_day(state.opened_at) if state.opened_at and state.calendar_id else day
    return any(lot.trading_day <= day for lot in state.lots) or (opened <= day and state.clock == MarketClock.WALL)


def _price_through(market_id: int, day: date, states: Sequence[AccountState]) -> bool:
    calendar = calendar_of(states[0].calendar_id or 0)
    missing = calendar.trading_days(_first_unpriced(market_id, states[0], calendar), day)
    if len(missing) > MOST_DAYS:
        raise TooFarBehind(f"{len(missing)} trading days are not settled yet; settle them first.", days=len(missing), maximum=MOST_DAYS)
    for one in missing:
        fix_now(market_id, one)
    for state in states if missing else ():
        state.priced_through = day
    return bool(missing)


def _first_unpriced(market_id: int, state: AccountState, calendar: Calendar) -> date:
    if state.priced_through is not None:
        return calendar.next_trading_day(state.priced_through)
    return first_booked_day(market_id, calendar) or calendar.trading_day(state.own_time or clock.now())


def first_booked_day(market_id: int, calendar: Calendar) -> date | None:
    """The first trading day that anything was booked in the market: where its settlements begin. None before that."""
    day = Journal.objects.filter(market_id=market_id, trading_day__gt=BEFORE_FIRST_DAY).aggregate(first=Min("trading_day"))["first"]
    return day if day is None or calendar.is_trading_day(day) else calendar.next_trading_day(day)


def _settle_behind(locked: Locked) -> int:
    behind: dict[int, list[AccountState]] = {}
    for state in locked.states.values():
        if is_behind(state):
            behind.setdefault(state.market_id, []).append(state)
    settled = sum(_settle_through(market_id, states, locked) for market_id, states in sorted(behind.items()))
    notify_accounts_on_commit({state.id: state.version for states in behind.values() for state in states})
    return settled


def _settle_through(market_id: int, states: Sequence[AccountState], locked: Locked) -> int:
    since = min(state.settled_through or BEGINNING for state in states)
    through = max(state.priced_through for state in states if state.priced_through)
    days: dict[date, dict[int, Decimal | None]] = {through: {}}
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
