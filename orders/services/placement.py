"""place_orders: the batch is the primitive, one order is a batch of one.

One durable transaction: accounts locked by pk, then read, then every request decided in order against its account's state in memory, then all rows
written. Different accounts do not see each other; several orders of one account see each other's freezes and fills.

Only when that fails for a reason of its own is the batch halved, each part a transaction, in order, so that the guilty order stands alone
(`orders.services.halving`). It is answered and logged, never stored: the same client order id may be tried again.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import structlog

from accounts.domain.booking import market_time
from accounts.domain.state import AccountState
from accounts.services.days import lock_settled_states
from accounts.services.states import Locked
from orders.domain.facts import Facts
from orders.domain.order import Denial, OrderRequest, Outcome, WorkingOrder
from orders.domain.placement import Venue, at_agreed_price, decide, new_order
from orders.enums import OrderStatus, Reason
from orders.services import recording
from orders.services.halving import Halving
from quotes.selectors.calendars import calendar_of
from tradingdesk.kernel import clock, sql
from tradingdesk.kernel.dispatch import notify_accounts_on_commit
from tradingdesk.kernel.errors import DeskError
from tradingdesk.kernel.locks import command
from tradingdesk.kernel.money import ZERO
from tradingdesk.kernel.outages import strikes_everyone

EXISTING = """
SELECT account_id, client_order_id, fingerprint, id, status, quantity, filled_quantity, filled_value, reason, detail
FROM orders_order WHERE (account_id, client_order_id) IN (SELECT * FROM unnest(%s::bigint[], %s::text[]))"""
EVENTS_PER_ORDER = 8  # PLACED, FROZEN, a fill's five, and CANCELED for the rest of it

Key = tuple[int, str]
log = structlog.get_logger("orders")


def place_orders(requests: Sequence[OrderRequest]) -> list[Outcome]:
    """Places orders; one outcome per request, in order. Refusals are outcomes (DENIED), not errors; so is an order that cannot be written down
    (NOT_RECORDED, without an id or a status): nothing of it was changed, and the others are placed as if it had not been asked for.

    Raises NotFound for an account that does not exist and LockTimeout when an account stays busy; then nothing was changed. What strikes every statement
    alike (PostgreSQL away, its disk full) is raised too: then some orders may have been placed, and repeating them under the same ids is safe.
    """
    batch = _Batch()
    if requests:
        Halving(batch.place, batch.set_aside, _is_everyones).run(requests)
    return batch.outcomes


class _Batch:
    """Outcomes in the order of the requests: parts are done in that order."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []
        self._has_committed = False

    def place(self, part: Sequence[OrderRequest]) -> None:
        try:
            self.outcomes += _place(part)
            self._has_committed = True
        except DeskError as refusal:  # of all of it, while nothing is placed; later of this part alone
            if not self._has_committed:
                raise
            self.outcomes += [_unrecorded(request, refusal.message) for request in part]

    def set_aside(self, request: OrderRequest, error: Exception) -> None:
        log.error("an order cannot be recorded", account=request.account_id, client_order_id=request.client_order_id, exc_info=error)
        self.outcomes.append(_unrecorded(request, f"{Reason.NOT_RECORDED.label}."))


def _is_everyones(error: Exception) -> bool:
    return isinstance(error, DeskError) or strikes_everyone(error)


@command
def _place(requests: Sequence[OrderRequest]) -> list[Outcome]:
    counts = recording.id_counts(len(requests), len(requests), len(requests) * EVENTS_PER_ORDER)
    existing = (EXISTING, [[r.account_id for r in requests], [r.client_order_id for r in requests]])
    locked = lock_settled_states({r.account_id for r in requests}, {r.instrument_id for r in requests}, extras=[existing, sql.ids_statement(counts)])
    known = {(row[0], row[1]): _replay(row) for row in locked.extras[0].fetchall()}
    facts = recording.facts_with_ids(locked.extras[1], counts, locked.recorded_at)
    outcomes = [_place_one(request, locked, known, facts) for request in requests]
    recording.write(facts)
    notify_accounts_on_commit({state.id: state.version for state in locked.states.values()})
    return outcomes


def _place_one(request: OrderRequest, locked: Locked, known: dict[Key, tuple[str, Outcome]], facts: Facts) -> Outcome:
    key = (request.account_id, request.client_order_id)
    if key in known:
        fingerprint, outcome = known[key]
        return outcome if fingerprint == request.fingerprint else _duplicate(request, outcome)
    state = locked.states[request.account_id]
    venue = _venue(state, request.instrument_id, locked.dealings)
    if venue and request.agreed:
        venue = at_agreed_price(venue, request.agreed, request.source)
    order = new_order(next(facts.order_ids), request, state, venue)
    at = venue.market_time if venue else facts.recorded_at
    denial = decide(order, state, venue, facts)
    facts.placed.append(_row(order, request, at, facts))
    outcome = _outcome(order, request.client_order_id, denial)
    known[key] = (request.fingerprint, replace(outcome, replayed=True))
    return outcome


def _venue(state: AccountState, instrument_id: int, dealings: Mapping[tuple[int, int], Any]) -> Venue | None:
    dealing = dealings.get((state.market_id, instrument_id))
    if dealing is None:
        return None
    wall, days = clock.now(), calendar_of(state.calendar_id or dealing.calendar_id)
    return Venue(dealing, dealings, calendar_of(dealing.calendar_id), days, market_time(state, dealing, wall), wall)


def _row(order: WorkingOrder, request: OrderRequest, at: Any, facts: Facts) -> dict[str, Any]:
    # Born PLACED (or DENIED); what it became is written after the freeze.
    is_denied = order.status == OrderStatus.DENIED
    return {
        "id": order.id,
        "account_id": order.account_id,
        "client_order_id": request.client_order_id,
        "fingerprint": request.fingerprint,
        "market_id": order.market_id,
        "instrument_id": order.instrument_id,
        "side": order.side,
        "effect": order.effect,
        "type": order.type,
        "time_in_force": order.time_in_force,
        "quantity": order.quantity,
        "limit_price": order.limit_price,
        "status": OrderStatus.DENIED if is_denied else OrderStatus.PLACED,
        "reason": order.reason if is_denied else "",
        "detail": order.detail,
        "filled_quantity": ZERO,
        "filled_value": ZERO,
        "realised_pnl": ZERO,
        "fees": ZERO,
        "checked_seq": order.checked_seq,
        "taken_up": False,
        "terms": order.rates.as_json(),
        "trading_day": order.trading_day,
        "actor_id": order.actor_id,
        "source": request.source,
        "request_id": order.request_id,
        "market_time": at,
        "placed_at": facts.recorded_at,
        "ended_at": order.ended_at if is_denied else None,
    }


def _outcome(order: WorkingOrder, client_order_id: str, denial: Denial | None) -> Outcome:
    message = denial.message if denial else Reason(order.reason).label if order.reason else ""
    average = order.filled_value / order.filled_quantity if order.filled_quantity else None
    return Outcome(
        order.account_id, client_order_id, order.id, order.status, order.quantity, order.filled_quantity, average, order.reason, message, order.detail
    )


def _replay(row: tuple[Any, ...]) -> tuple[str, Outcome]:
    account_id, client_order_id, fingerprint, order_id, status, quantity, filled, value, reason, detail = row
    message = str(Reason(reason).label) if reason else ""
    average = value / filled if filled else None
    return fingerprint, Outcome(
        account_id, client_order_id, order_id, status, quantity, filled, average, reason, message, json.loads(detail), replayed=True
    )


def _unrecorded(request: OrderRequest, message: str) -> Outcome:
    # There is no order, so it has neither id nor status.
    detail = {"client_order_id": request.client_order_id}
    return Outcome(
        request.account_id, request.client_order_id, None, "", request.quantity, reason=Reason.NOT_RECORDED, message=message, detail=detail
    )


def _duplicate(request: OrderRequest, first: Outcome) -> Outcome:
    return Outcome(
        request.account_id,
        request.client_order_id,
        None,
        OrderStatus.DENIED,
        request.quantity,
        reason=Reason.DUPLICATE_ID,
        message="This client order id was used before, for another order.",
        detail={"client_order_id": request.client_order_id, "order_id": first.order_id},
    )
