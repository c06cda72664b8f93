"""Cancel and expiry of resting orders: lock the accounts, look again, give back what is still frozen."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from accounts.domain.booking import market_time
from accounts.domain.state import AccountState
from accounts.services.days import lock_settled_states
from accounts.services.states import Locked
from orders.domain import execution
from orders.domain.facts import Facts
from orders.domain.order import FreezeState, Outcome, WorkingOrder
from orders.domain.transitions import RESTING
from orders.enums import OrderAction, Reason
from orders.models import Order
from orders.services import recording
from orders.services.loading import day_orders_statement, orders_statement, read_orders
from tradingdesk.kernel import clock, sql
from tradingdesk.kernel.dispatch import notify_accounts_on_commit
from tradingdesk.kernel.errors import NotFound
from tradingdesk.kernel.locks import command


@command
def cancel_orders(order_ids: Sequence[int], *, actor_id: int | None = None, request_id: str = "", reason: Reason = Reason.BY_CLIENT) -> list[Outcome]:
    """Cancels resting orders; one outcome each, in the order asked for. An order that has ended already is left as it is: its outcome says so
    with `replayed` true. Raises NotFound when one of them does not exist, LockTimeout when an account stays busy.
    """
    found = {row[0]: row for row in Order.objects.filter(id__in=order_ids).values_list("id", "account_id", "instrument_id")}
    missing = sorted(set(order_ids) - set(found))
    if missing:
        raise NotFound("There is no such order.", orders=missing)
    counts = recording.id_counts(0, 0, len(found))
    accounts, instruments = {row[1] for row in found.values()}, {row[2] for row in found.values()}
    locked = lock_settled_states(accounts, instruments, extras=[orders_statement(found), sql.ids_statement(counts)])
    facts = recording.facts_with_ids(locked.extras[1], counts, locked.recorded_at)
    outcomes: dict[int, Outcome] = {}
    for order, freeze, client_order_id in read_orders(locked.extras[0]):
        ends = order.status in RESTING
        if ends:
            order = replace(order, actor_id=actor_id, request_id=request_id)
            _end(order, freeze, OrderAction.CANCEL, reason, locked, facts)
        outcomes[order.id] = _outcome(order, client_order_id, ended_now=ends)
    recording.write(facts)
    notify_accounts_on_commit(facts.versions)
    return [outcomes[order_id] for order_id in order_ids]


def expire_day_orders(states: Sequence[AccountState], day: date, locked: Locked) -> None:
    """Ends the DAY orders of `day` and before of accounts that are being settled for it, under the lock that settles them (accounts.services.marking)."""
    due = read_orders(sql.execute(*day_orders_statement([state.id for state in states], day)))
    if not due:
        return
    counts = recording.id_counts(0, 0, len(due))
    facts = recording.facts_with_ids(sql.execute(*sql.ids_statement(counts)), counts, locked.recorded_at)
    for order, freeze, _ in due:
        _end(order, freeze, OrderAction.EXPIRE, None, locked, facts)
    recording.write(facts)
    notify_accounts_on_commit(facts.versions)


def _end(order: WorkingOrder, freeze: FreezeState, action: OrderAction, reason: Reason | None, locked: Locked, facts: Facts) -> None:
    state = locked.states[order.account_id]
    dealing = locked.dealings.get((order.market_id, order.instrument_id))
    at = market_time(state, dealing, clock.now()) if dealing else state.own_time or clock.now()
    state.version += 1
    execution.end(order, state, freeze, action, reason, at, facts)
    facts.stand(state)


def _outcome(order: WorkingOrder, client_order_id: str, *, ended_now: bool) -> Outcome:
    average = order.filled_value / order.filled_quantity if order.filled_quantity else None
    message = "" if ended_now else f"The order is {order.status.lower().replace('_', ' ')} already."
    return Outcome(
        order.account_id,
        client_order_id,
        order.id,
        order.status,
        order.quantity,
        order.filled_quantity,
        average,
        order.reason,
        message,
        replayed=not ended_now,
    )
