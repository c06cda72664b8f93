"""What must hold after every restart. Looked at in one snapshot, while trading goes on."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from itertools import islice
from typing import Any

from django.db import connection, transaction

from orders.models import Order
from tests.crash.traders import Ticket, contradiction
from tests.factories.books import broken_invariants
from tradingdesk.kernel import money, sql

HALF = {
    "an order was committed half way": "SELECT id, status FROM orders_order WHERE status IN ('PLACED', 'FROZEN')",
    "an order has no freeze": """
        SELECT o.id FROM orders_order o LEFT JOIN accounts_freeze z ON z.order_id = o.id WHERE o.id > %(since)s AND o.status <> 'DENIED' AND z.id IS NULL""",
    "an order has not begun with its first step": """
        SELECT o.id FROM orders_order o WHERE o.id > %(since)s AND NOT EXISTS (
            SELECT FROM orders_orderevent e WHERE e.order_id = o.id AND e.step IN ('PLACED', 'DENIED'))""",
    "an order has ended without its last step": """
        SELECT o.id, o.status FROM orders_order o WHERE o.id > %(since)s AND o.status IN ('FILLED', 'CANCELED', 'EXPIRED') AND NOT EXISTS (
            SELECT FROM orders_orderevent e WHERE e.order_id = o.id AND e.status = o.status)""",
    "a fill has not walked its five steps": """
        SELECT f.id FROM orders_fill f LEFT JOIN orders_orderevent e ON e.fill_id = f.id WHERE f.order_id > %(since)s
        GROUP BY f.id HAVING count(e.id) <> 5""",
    "a fill has no journal": """
        SELECT f.id FROM orders_fill f LEFT JOIN accounts_journal j ON j.fill_id = f.id WHERE f.order_id > %(since)s AND j.id IS NULL""",
}
DAYS = {
    "a tick is missing": """
        SELECT q.market_id, q.last_seq, count(t.seq) FROM quotes_latestquote q LEFT JOIN quotes_tick t USING (market_id, instrument_id)
        GROUP BY 1, 2 HAVING q.last_seq <> count(t.seq) OR q.last_seq <> count(DISTINCT t.seq)""",
    "orders have seen more ticks than there are": "SELECT market_id FROM quotes_latestquote WHERE evaluated_seq > last_seq",
    "a day was settled out of turn, or not to its end": """
        SELECT id, trading_day FROM (SELECT id, trading_day, status, max(trading_day) OVER (PARTITION BY market_id) AS newest FROM settlement_settlementrun) r
        WHERE status <> 'DONE' AND trading_day < newest""",
    "a settlement's steps are not its four, once each, in order": """
        SELECT run_id FROM settlement_settlementstep s JOIN settlement_settlementrun r ON r.id = s.run_id WHERE r.status = 'DONE'
        GROUP BY run_id HAVING string_agg(name, ' ' ORDER BY s.id) <> 'PRICES MARK SNAPSHOT PROOF'""",
    "a settlement does not add up": "SELECT run_id, difference FROM settlement_zerosumproof WHERE difference <> 0",
    "an account's day does not begin where the one before ended": """
        SELECT account_id, trading_day FROM (SELECT account_id, trading_day, opening_balance, lag(closing_balance) OVER w AS before
            FROM accounts_accountday WINDOW w AS (PARTITION BY account_id ORDER BY trading_day)) d WHERE opening_balance <> coalesce(before, 0)""",
    "an account missed a day that was priced": """
        SELECT f.account_id, p.trading_day FROM accounts_accountfunds f JOIN accounts_account a ON a.id = f.account_id
        JOIN (SELECT DISTINCT market_id, trading_day FROM quotes_settlementprice) p ON p.market_id = a.market_id AND p.trading_day <= f.settled_through
        LEFT JOIN accounts_accountday d ON d.account_id = f.account_id AND d.trading_day = p.trading_day WHERE d.id IS NULL""",
    "something was booked on a day after it was settled": """
        SELECT e.id FROM accounts_entry e JOIN accounts_accountday d ON d.account_id = e.account_id AND d.trading_day = e.trading_day
        WHERE e.account_version > d.account_version""",
}
LIMITS = """
SELECT o.id, o.side = 'BUY', o.limit_price, o.checked_seq, o.time_in_force = 'DAY', o.trading_day, o.taken_up AND o.status IN ('WORKING', 'PARTIALLY_FILLED'),
    (SELECT array_agg(f.quote_seq ORDER BY f.quote_seq) FROM orders_fill f WHERE f.order_id = o.id AND f.quote_seq > o.checked_seq)
FROM orders_order o WHERE o.type = 'LIMIT' AND o.status <> 'DENIED'"""
TICKS = "SELECT seq, bid, ask, trading_day FROM quotes_tick WHERE market_id = %s AND flag = 0 ORDER BY seq"


@contextmanager
def one_snapshot() -> Iterator[None]:
    """Every statement inside sees the same instant."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def half_orders(since: int = 0) -> dict[str, list[tuple[Any, ...]]]:
    """Orders after this id that were begun and not finished."""
    with one_snapshot():
        return _broken(HALF, {"since": since})


def wrong_books(market_id: int) -> dict[str, Any]:
    """Every invariant of the books, of days and ticks, and what resting orders were owed."""
    with one_snapshot():
        return {**broken_invariants(), **_broken(HALF, {"since": 0}), **_broken(DAYS), **missed_ticks(market_id)}


def missed_ticks(market_id: int) -> dict[str, list[Any]]:
    """Every resting order is filled at the first ticks after its place that meet its limit, one after the other, whoever led meanwhile."""
    seen = sql.fetch_all("SELECT min(evaluated_seq) FROM quotes_latestquote WHERE market_id = %s", [market_id])[0][0] or 0
    ticks = sql.fetch_all(TICKS, [market_id])
    places = [tick[0] for tick in ticks]
    late, missed = [], []
    for order_id, is_buy, limit, checked, is_day, day, rests, filled_at in sql.fetch_all(LIMITS):
        filled = filled_at or []
        start, end = bisect_right(places, checked), bisect_right(places, max([seen if rests else 0, *filled]))
        due = list(islice(_met(ticks[start:end], is_buy, limit, day if is_day else None), len(filled) + 1))
        if due[: len(filled)] != filled:
            late.append((order_id, due, filled))
        elif rests and len(due) > len(filled):
            missed.append((order_id, due, seen))
    found = {"an order was filled by other ticks than the first that met it": late[:5], "a resting order missed a tick": missed[:5]}
    return {name: rows for name, rows in found.items() if rows}


def _met(ticks: list[tuple[Any, ...]], is_buy: bool, limit: Decimal, last_day: Any) -> Iterator[int]:
    for seq, bid, ask, day in ticks:
        if last_day is not None and day > last_day:
            return
        if ask <= limit if is_buy else bid >= limit:
            yield int(seq)


def broken_promises(tickets: Iterable[Ticket], canceled: Iterable[int]) -> list[str]:
    """What the desk has acknowledged and does not know any more, or knows differently."""
    known = [(ticket, ticket.outcome) for ticket in tickets if ticket.outcome is not None]
    stored = {order.pk: order for order in Order.objects.filter(pk__in=[outcome["order_id"] for _, outcome in known])}
    broken = []
    for ticket, outcome in known:
        order = stored.get(outcome["order_id"])
        if order is None:
            broken.append(f"{ticket.id} is lost: {outcome}")
        elif order.client_order_id != ticket.id or (fault := contradiction(outcome, as_outcome(order))):
            broken.append(f"{ticket.id}: {fault if order.client_order_id == ticket.id else 'another id'}: told {outcome}, stored {order.status}")
    not_canceled = Order.objects.filter(pk__in=canceled).exclude(status="CANCELED").values_list("pk", "status")
    return broken + [f"cancel of {pk} is lost: {status}" for pk, status in not_canceled]


def as_outcome(order: Order) -> dict[str, Any]:
    """The stored order as an answer would tell of it."""
    average = order.filled_value / order.filled_quantity if order.filled_quantity else None
    return {
        "order_id": order.pk,
        "status": order.status,
        "filled_quantity": money.text(order.filled_quantity),
        "average_price": money.text(money.average(average)),
        "reason": order.reason or None,
    }


def surplus(tickets: Iterable[Ticket]) -> list[str]:
    """Orders that nobody sent, and orders that are answered and absent."""
    sent = {(ticket.account, ticket.id) for ticket in tickets}
    stored = set(Order.objects.values_list("account__number", "client_order_id"))
    return [f"nobody sent {one}" for one in stored - sent]


def _broken(statements: dict[str, str], params: dict[str, Any] | None = None) -> dict[str, list[tuple[Any, ...]]]:
    found = {name: sql.fetch_all(statement, params or ())[:5] for name, statement in statements.items()}
    return {name: rows for name, rows in found.items() if rows}
