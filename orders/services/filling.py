"""Fills due resting orders in the order of their ticks, batch by batch. Busy accounts are passed over; one bad order does not stop the others.

Lock order: accounts by pk (those that are free), then the stream, shared (`quotes.locks.share_lead`). Neither is waited for.
"""

from collections.abc import Sequence
from itertools import groupby

from accounts.domain.booking import booking_day
from accounts.domain.state import AccountState
from accounts.services.days import lock_settled_states
from accounts.services.states import Locked
from orders.domain import execution
from orders.domain.facts import Facts
from orders.domain.order import FreezeState, WorkingOrder
from orders.domain.resting import Due, Lead
from orders.domain.transitions import RESTING
from orders.enums import TimeInForce
from orders.services import recording
from orders.services.halving import Halving
from orders.services.loading import orders_statement, read_orders
from orders.services.setbacks import Setbacks
from quotes.domain.calendar import Calendar
from quotes.locks import NotLeading, share_lead
from quotes.selectors.calendars import calendar_of
from quotes.selectors.markets import market_calendar
from tradingdesk.kernel import sql
from tradingdesk.kernel.dispatch import notify_accounts_on_commit
from tradingdesk.kernel.errors import LockTimeout
from tradingdesk.kernel.locks import command
from tradingdesk.kernel.outages import strikes_everyone

BATCH = 200  # fills in one transaction: some 100 ms of locks (tests/bench/bench_resting.py)


def is_no_orders_fault(error: Exception) -> bool:
    """Whether the next batch would meet the same."""
    return isinstance(error, NotLeading | LockTimeout) or strikes_everyone(error)


class Sweep:
    """One pass over what is due: how many fills there were, what was left out because the account is busy or the order has just changed, what failed.

    An order that failed gets nothing more in this pass: its later ticks wait for the one that failed.
    """

    def __init__(self, lead: Lead, setbacks: Setbacks) -> None:
        self.filled = 0
        self.left_out: list[Due] = []
        self.failed: list[Due] = []
        self._lead, self._setbacks = lead, setbacks

    def run(self, due: Sequence[Due]) -> None:
        """Fills in transactions of its own. Raises NotLeading, StreamBusy, LockTimeout and what the database raises when it is not an order's fault."""
        days = market_calendar(self._lead.market_id)
        in_order = sorted(due, key=lambda one: one.place)
        # A batch is of one trading day: what ends with a day ends after the day's last tick was dealt on.
        for _, of_one_day in groupby(in_order, key=lambda one: days.trading_day(one.quote.time)):
            fills = list(of_one_day)
            for start in range(0, len(fills), BATCH):
                Halving(self._part, self._set_aside, is_no_orders_fault).run(fills[start : start + BATCH])

    def _part(self, part: Sequence[Due]) -> None:
        # An account that was left out once stays out, so that its orders keep their order.
        failed, out = {one.resting.order_id for one in self.failed}, {one.resting.account_id for one in self.left_out}
        pending = [one for one in part if one.resting.order_id not in failed]
        ready = [one for one in pending if one.resting.account_id not in out]
        left_out, filled = fill_batch(ready, self._lead) if ready else ([], 0)
        self.filled += filled
        self.left_out += [one for one in pending if one.resting.account_id in out] + left_out
        self._settle(ready, left_out)

    def _set_aside(self, one: Due, error: Exception) -> None:
        self._setbacks.add(one, error)
        self.failed.append(one)

    def _settle(self, done: Sequence[Due], left_out: Sequence[Due]) -> None:
        for order_id in {one.resting.order_id for one in done} - {one.resting.order_id for one in left_out}:
            self._setbacks.settle(order_id)


@command
def fill_batch(due: Sequence[Due], lead: Lead) -> tuple[list[Due], int]:
    """Fills what can be filled now, in the order given: what was left out, and how many were filled. Raises StreamBusy, NotLeading, LockTimeout."""
    order_ids = {one.resting.order_id for one in due}
    counts = recording.id_counts(0, len(due), len(due) * 5)
    extras = [orders_statement(order_ids), sql.ids_statement(counts)]
    locked = lock_settled_states({one.resting.account_id for one in due}, {lead.instrument_id}, extras, skip_busy=True, at=due[0].quote.time)
    share_lead(lead.market_id, lead.instrument_id, lead.epoch)
    facts = recording.facts_with_ids(locked.extras[1], counts, locked.recorded_at)
    orders = {order.id: (order, freeze) for order, freeze, _ in read_orders(locked.extras[0])}
    left_out, filled = [], 0
    for one in due:
        order, freeze = orders[one.resting.order_id]
        if one.resting.account_id not in locked.states:
            left_out.append(one)
        elif order.status not in RESTING or not _lives(order, one, locked):
            continue  # it has ended, or its day had: then no later tick of the stretch is for it either
        elif one.is_still_that_of(order):
            _fill(order, freeze, one, locked, facts)
            filled += 1
        else:
            left_out.append(one)
    recording.write(facts)
    notify_accounts_on_commit(facts.versions)
    return left_out, filled


def _lives(order: WorkingOrder, due: Due, locked: Locked) -> bool:
    # A DAY order is filled on its day, or not at all.
    if order.time_in_force != TimeInForce.DAY or order.trading_day is None:
        return True
    return booking_day(_days(locked.states[order.account_id], order, locked), locked.states[order.account_id], due.quote.time) <= order.trading_day


def _fill(order: WorkingOrder, freeze: FreezeState, due: Due, locked: Locked, facts: Facts) -> None:
    state = locked.states[order.account_id]
    dealing = locked.dealings[order.market_id, order.instrument_id]
    state.version += 1
    day = booking_day(_days(state, order, locked), state, due.quote.time)
    at, deal = due.quote.time, due.deal
    execution.fill(order, state, freeze, dealing, due.quote, quantity=deal.quantity, price=deal.price, day=day, at=at, facts=facts)
    order.checked_seq = due.quote.seq
    state.revalue(locked.dealings)
    facts.stand(state)


def _days(state: AccountState, order: WorkingOrder, locked: Locked) -> Calendar:
    return calendar_of(state.calendar_id or locked.dealings[order.market_id, order.instrument_id].calendar_id)
