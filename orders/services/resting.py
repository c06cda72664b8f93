"""Fills resting orders by later ticks: every tick after the one an order was placed at is evaluated, in order, so the same ticks give the same fills.

Nothing in memory is needed. An order is found either because these ticks cross it, or because it is new (`taken_up` false) and has not been compared yet
with the ticks between its `checked_seq` and now. Candidates are picked unlocked; then the accounts are locked and looked at again.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal

from accounts.domain.booking import booking_day
from accounts.services.days import lock_settled_states
from accounts.services.states import Locked
from orders.domain import execution
from orders.domain.facts import Facts
from orders.domain.order import FreezeState, WorkingOrder
from orders.domain.transitions import RESTING
from orders.enums import TimeInForce
from orders.matching import dealer
from orders.services import recording
from orders.services.loading import orders_statement, read_orders
from quotes.domain.calendar import Calendar
from quotes.domain.dealing import Quote
from quotes.domain.ticks import Tick
from quotes.selectors.calendars import calendar_of
from tradingdesk.kernel import sql
from tradingdesk.kernel.dispatch import notify_accounts_on_commit
from tradingdesk.kernel.locks import command

BATCH = 200  # orders filled in one transaction: some 50 ms of locks at the most

_IS_RESTING = "market_id = %(market)s AND instrument_id = %(instrument)s AND status IN ('WORKING', 'PARTIALLY_FILLED')"
NEW = f"SELECT id, account_id, checked_seq, market_time FROM orders_order WHERE {_IS_RESTING} AND NOT taken_up ORDER BY id"
CROSSED = f"""
SELECT id, account_id FROM orders_order WHERE {_IS_RESTING} AND taken_up AND side = 'BUY' AND limit_price >= %(ask)s
UNION ALL SELECT id, account_id FROM orders_order WHERE {_IS_RESTING} AND taken_up AND side = 'SELL' AND limit_price <= %(bid)s"""
TAKE_UP = "UPDATE orders_order SET taken_up = true WHERE id = ANY(%s) AND status IN ('WORKING', 'PARTIALLY_FILLED')"
MISSED = """
SELECT seq, time, bid, ask, received_at FROM quotes_tick
WHERE market_id = %s AND instrument_id = %s AND trading_day >= %s AND seq > %s AND seq < %s AND flag = 0 ORDER BY seq"""
NO_LATER_TICK = 2**62
ONE_DAY = timedelta(days=1)

Candidate = tuple[int, int]  # order id, account id


def evaluate(market_id: int, instrument_id: int, ticks: Sequence[Tick], source: str) -> int:
    """Fills what these ticks cross and takes up new orders; how many orders were filled.

    `ticks` are clean, ascending, recorded already, and follow without a gap those of the call before. Runs its own transactions.
    """
    quotes = [Quote(t.seq, t.time, t.bid, t.ask, source, t.received_at or t.time) for t in ticks]
    where = {"market": market_id, "instrument": instrument_id}
    new = sql.fetch_all(NEW, where)
    candidates: list[Candidate] = [(order_id, account_id) for order_id, account_id, _, _ in new]
    if quotes:
        extremes = {"ask": min(q.ask for q in quotes), "bid": max(q.bid for q in quotes)}
        candidates += sql.fetch_all(CROSSED, {**where, **extremes})  # type: ignore[arg-type]
    if not candidates:
        return 0
    if new:
        first = quotes[0].seq if quotes else NO_LATER_TICK
        since = min(at for *_, at in new).date() - ONE_DAY  # a tick's trading day is never before its date; the day between is for time zones
        rows = sql.fetch_all(MISSED, [market_id, instrument_id, since, min(seq for _, _, seq, _ in new), first])
        quotes = [*(Quote(seq, time, bid, ask, source, received_at) for seq, time, bid, ask, received_at in rows), *quotes]
    filled = sum(_fill_batch(part, instrument_id, quotes) for part in _batches(sorted(candidates)))
    if new:
        _take_up([order_id for order_id, *_ in new])
    return filled


def _batches(candidates: list[Candidate]) -> Iterator[list[Candidate]]:
    for start in range(0, len(candidates), BATCH):
        yield candidates[start : start + BATCH]


@command
def _take_up(order_ids: list[int]) -> None:
    sql.execute(TAKE_UP, [order_ids])


@command
def _fill_batch(candidates: Sequence[Candidate], instrument_id: int, quotes: Sequence[Quote]) -> int:
    order_ids = [order_id for order_id, _ in candidates]
    counts = recording.id_counts(0, len(order_ids), len(order_ids) * 5)
    locked = lock_settled_states(
        {account_id for _, account_id in candidates}, {instrument_id}, extras=[orders_statement(order_ids), sql.ids_statement(counts)]
    )
    facts = recording.facts_with_ids(locked.extras[1], counts, locked.recorded_at)
    due = []
    for order, freeze, _ in read_orders(locked.extras[0]):
        crossing = _crossing(order, locked, quotes) if order.status in RESTING else None
        if crossing is not None:
            due.append((*crossing, order, freeze))
    for quote, price, order, freeze in sorted(due, key=lambda item: (item[0].seq, item[2].id)):
        _fill(order, freeze, quote, price, locked, facts)
    recording.write(facts)
    notify_accounts_on_commit(facts.versions)
    return len(due)


def _crossing(order: WorkingOrder, locked: Locked, quotes: Sequence[Quote]) -> tuple[Quote, Decimal] | None:
    # The first later tick that meets the limit, in session, on a day the order still lives.
    calendar = _calendar(order, locked)
    in_session = (quote for quote in quotes if calendar.is_open(quote.time))
    found = dealer.first_crossing(in_session, after_seq=order.checked_seq, is_buy=order.is_buy, limit_price=order.limit_price)
    if found is None or order.time_in_force != TimeInForce.DAY or order.trading_day is None:
        return found
    return found if booking_day(calendar, locked.states[order.account_id], found[0].time) <= order.trading_day else None


def _fill(order: WorkingOrder, freeze: FreezeState, quote: Quote, price: Decimal, locked: Locked, facts: Facts) -> None:
    state = locked.states[order.account_id]
    dealing = locked.dealings[order.market_id, order.instrument_id]
    state.version += 1
    day = booking_day(_calendar(order, locked), state, quote.time)
    execution.fill(order, state, freeze, dealing, quote, quantity=order.leaves, price=price, day=day, at=quote.time, facts=facts)
    state.revalue(locked.dealings)
    facts.stand(state)


def _calendar(order: WorkingOrder, locked: Locked) -> Calendar:
    return calendar_of(locked.dealings[order.market_id, order.instrument_id].calendar_id)
