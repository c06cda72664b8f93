"""What PostgreSQL refuses of orders: a status outside the transition table, a step out of order, skipped, repeated, back-dated, or after the end."""

from collections.abc import Iterable

from orders.domain.steps import ENDS, FIRST, OF_AN_OPEN_ORDER, PREDECESSOR
from orders.domain.transitions import ORDER
from tradingdesk.kernel.guards import BY_INDEX


def step_guard_sql() -> str:
    """Over the events of one INSERT. First each event's own step before it, then each order's whole log: it is short, and stands together in the index."""
    return f"""
CREATE OR REPLACE FUNCTION orders_event_guard() RETURNS trigger LANGUAGE plpgsql {BY_INDEX} AS $guard$
DECLARE bad record;
BEGIN
    {_predecessors()}
    IF FOUND THEN
        RAISE EXCEPTION 'STEP_OUT_OF_ORDER: order % has % without %', bad.order_id, bad.step, bad.before USING ERRCODE = 'DK005';
    END IF;
    {_whole_log()}
    IF FOUND THEN
        RAISE EXCEPTION 'STEP_OUT_OF_ORDER: order % %', bad.order_id,
            CASE WHEN bad.back_dated THEN 'has later steps already' WHEN bad.begun_twice THEN 'has begun already' ELSE 'has ended' END
            USING ERRCODE = 'DK005';
    END IF;
    RETURN NULL;
END $guard$"""


def _predecessors() -> str:
    # Scalar look-ups in the unique index and in the fills' key, whatever the size of the log. A fill is matched in its own order's log alone.
    rows = ", ".join(f"('{step}', '{before}', {str(same_fill).lower()})" for step, (before, same_fill) in PREDECESSOR.items())
    return f"""SELECT n.order_id, n.step, p.before INTO bad
    FROM new_rows n JOIN (VALUES {rows}) AS p(step, before, same_fill) ON p.step = n.step
    WHERE CASE WHEN p.same_fill
        THEN (SELECT e.id FROM orders_orderevent e WHERE e.order_id = n.order_id AND e.fill_id = n.fill_id AND e.step = p.before)
        ELSE (SELECT e.id FROM orders_orderevent e WHERE e.order_id = n.order_id AND e.fill_id IS NULL AND e.step = p.before)
        END < n.id IS NOT TRUE
        OR n.step = 'MATCHED' AND (SELECT f.order_id FROM orders_fill f WHERE f.id = n.fill_id) IS DISTINCT FROM n.order_id
    LIMIT 1;"""


def _whole_log() -> str:
    # Every event from the first new one on is a new one; nothing stands before the beginning, nothing after the end.
    return f"""SELECT n.order_id, e.events <> n.events AS back_dated, e.first < n.begins AS begun_twice INTO bad
    FROM (
        SELECT order_id, count(*) AS events, min(id) AS first, max(id) AS last, max(id) FILTER (WHERE step IN ({_texts(FIRST)})) AS begins,
            max(id) FILTER (WHERE step IN ({_texts(OF_AN_OPEN_ORDER)})) AS last_open
        FROM new_rows GROUP BY order_id
    ) n CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE e.id >= n.first) AS events, min(e.id) AS first, min(e.id) FILTER (WHERE e.step IN ({_texts(ENDS)})) AS ended,
            min(e.id) FILTER (WHERE e.step = 'FILLED' AND e.status = 'FILLED') AS filled
        FROM orders_orderevent e WHERE e.order_id = n.order_id
    ) e
    WHERE e.events <> n.events OR e.first < n.begins OR e.ended < n.last OR e.filled < n.last_open
    LIMIT 1;"""


def _texts(steps: Iterable[str]) -> str:
    return ", ".join(f"'{step}'" for step in steps)


def statements() -> list[str]:
    """Generated from the Python tables; a test compares the two."""
    return [
        *ORDER.guard_sql("orders_order"),
        step_guard_sql(),
        "CREATE OR REPLACE TRIGGER orders_event_guard AFTER INSERT ON orders_orderevent REFERENCING NEW TABLE AS new_rows "
        "FOR EACH STATEMENT EXECUTE FUNCTION orders_event_guard()",
    ]
