"""Cancel and expiry of resting orders: lock the accounts, look again, give back what is still frozen."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from accounts.domain.booking import market_time
from accounts.services.days import lock_settled_states
from accounts.services.states import lock_states
from orders.domain import execution
from orders.domain.order import Outcome, WorkingOrder
from orders.domain.transitions import RESTING
from orders.enums import OrderAction, Reason, TimeInForce
from orders.models import Order
from orders.services import recording
from orders.services.loading import orders_statement, read_orders
from tradingdesk.kernel import clock, sql
from tradingdesk.kernel.dispatch import notify_accounts_on_commit
from tradingdesk.kernel.errors import NotFound
from tradingdesk.kernel.locks import command

EXPIRE_BATCH = 200  # orders in one transaction: locks held for some ten milliseconds

Target = tuple[int, int, int]  # order id, account id, instrument id


@command
def cancel_orders(order_ids: Sequence[int], *, actor_id: int | None = None, request_id: str = "", reason: Reason = Reason.BY_CLIENT) -> list[Outcome]:
    """Cancels resting orders; one outcome each, in the order asked for. An order that has ended already is left as it is: its outcome says so
    with `replayed` true. Raises NotFound when one of them does not exist, LockTimeout when an account stays busy.
    """
    found = {row[0]: row for row in Order.objects.filter(id__in=order_ids).values_list("id", "account_id", "instrument_id")}
    missing = sorted(set(order_ids) - set(found))
    if missing:
        raise NotFound("There is no such order.", orders=missing)
    outcomes = _end(list(found.values()), OrderAction.CANCEL, reason, actor_id, request_id)
    return [outcomes[order_id] for order_id in order_ids]


def expire_day_orders(market_id: int, day: date) -> int:
    """Expires DAY orders of trading days up to `day`; how many. Batches of their own transactions; harmless to run again."""
    total = 0
    while True:
        due = list(
            Order.objects.filter(market_id=market_id, status__in=RESTING, time_in_force=TimeInForce.DAY, trading_day__lte=day)
            .order_by("id")
            .values_list("id", "account_id", "instrument_id")[:EXPIRE_BATCH]
        )
        if not due:
            return total
        total += _expire_batch(due)


@command
def _expire_batch(due: Sequence[Target]) -> int:
    outcomes = _end(due, OrderAction.EXPIRE, None, None, "")
    return sum(not outcome.replayed for outcome in outcomes.values())


def _end(targets: Sequence[Target], action: OrderAction, reason: Reason | None, actor_id: int | None, request_id: str) -> dict[int, Outcome]:
    order_ids, account_ids, instrument_ids = (list(column) for column in zip(*targets, strict=True)) if targets else ([], [], [])
    counts = recording.id_counts(0, 0, len(order_ids))
    # Expiry belongs to the day that is being settled, so it must not settle the account first.
    lock = lock_states if action == OrderAction.EXPIRE else lock_settled_states
    locked = lock(account_ids, instrument_ids, extras=[orders_statement(order_ids), sql.ids_statement(counts)])
    facts = recording.facts_with_ids(locked.extras[1], counts, locked.recorded_at)
    outcomes: dict[int, Outcome] = {}
    for order, freeze, client_order_id in read_orders(locked.extras[0]):
        ends = order.status in RESTING
        if ends:
            state = locked.states[order.account_id]
            at = market_time(state, locked.dealings[order.market_id, order.instrument_id], clock.now())
            state.version += 1
            order = replace(order, actor_id=actor_id, request_id=request_id)
            execution.end(order, state, freeze, action, reason, at, facts)
            facts.stand(state)
        outcomes[order.id] = _outcome(order, client_order_id, ended_now=ends)
    recording.write(facts)
    notify_accounts_on_commit(facts.versions)
    return outcomes


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
