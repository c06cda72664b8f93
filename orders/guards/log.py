"""The event log, over the events of one INSERT: first each event's own step before it, then each order's whole log (it is short, and stands together in the
index) and what the order is, then what each settled fill must have brought with it.
"""

from orders.domain.steps import ENDS, FIRST, OF_AN_OPEN_ORDER, PREDECESSOR
from orders.guards.sets import FREED, HALF_WAY, texts
from tradingdesk.kernel.guards import LOOKS_UP, after_sql


def guard_sql() -> str:
    """The function, generated from the table of steps."""
    return f"""
CREATE OR REPLACE FUNCTION orders_event_guard() RETURNS trigger LANGUAGE plpgsql {LOOKS_UP} AS $guard$
DECLARE bad record;
BEGIN
    {_predecessors()}
    IF FOUND THEN
        RAISE EXCEPTION 'STEP_OUT_OF_ORDER: order % has % without %', bad.order_id, bad.step, bad.before USING ERRCODE = 'DK005';
    END IF;
    {_whole_orders()}
    IF FOUND AND bad.log IS NOT NULL THEN
        RAISE EXCEPTION 'STEP_OUT_OF_ORDER: order % %', bad.order_id, bad.log USING ERRCODE = 'DK005';
    ELSIF FOUND THEN
        RAISE EXCEPTION 'ORDER_NOT_AS_TOLD: order % is %, its log says %', bad.order_id, bad.status, bad.told USING ERRCODE = 'DK011';
    END IF;
    {_settled_fills()}
    IF FOUND THEN
        RAISE EXCEPTION '%: fill %', CASE WHEN bad.has_lots THEN 'FILL_WITHOUT_JOURNAL' ELSE 'FILL_WITHOUT_LOT_CHANGE' END, bad.fill_id
            USING ERRCODE = 'DK008';
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


def _whole_orders() -> str:
    # Every event from the first new one on is a new one; nothing stands before the beginning, nothing after the end. The order is what its last event
    # says, has a freeze unless it was denied, and holds it exactly as long as it can still be filled.
    return f"""SELECT n.order_id, o.status, n.told, CASE WHEN e.events <> n.events THEN 'has later steps already'
            WHEN e.first < n.begins THEN 'has begun already' WHEN e.ended < n.last OR e.filled < n.last_open THEN 'has ended' END AS log INTO bad
    FROM (
        SELECT order_id, count(*) AS events, min(id) AS first, max(id) AS last, max(id) FILTER (WHERE step IN ({texts(FIRST)})) AS begins,
            max(id) FILTER (WHERE step IN ({texts(OF_AN_OPEN_ORDER)})) AS last_open, (array_agg(status ORDER BY id DESC))[1] AS told,
            min(account_id) AS account_id, max(account_id) AS other_account_id
        FROM new_rows GROUP BY order_id
    ) n CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE e.id >= n.first) AS events, min(e.id) AS first, min(e.id) FILTER (WHERE e.step IN ({texts(ENDS)})) AS ended,
            min(e.id) FILTER (WHERE e.step = 'FILLED' AND e.status = 'FILLED') AS filled
        FROM orders_orderevent e WHERE e.order_id = n.order_id
    ) e LEFT JOIN orders_order o ON o.id = n.order_id LEFT JOIN accounts_freeze z ON z.order_id = n.order_id
    WHERE e.events <> n.events OR e.first < n.begins OR e.ended < n.last OR e.filled < n.last_open
        OR (o.status, o.account_id, o.account_id) IS DISTINCT FROM (n.told, n.account_id, n.other_account_id) OR o.status IN ({texts(HALF_WAY)})
        OR (z.id IS NULL) <> (o.status = 'DENIED') OR (z.status = 'RESOLVED') <> (o.status IN ({texts(FREED)}))
        OR (o.status = 'WORKING' AND o.filled_quantity <> 0) OR (o.status = 'PARTIALLY_FILLED' AND o.filled_quantity = 0)
    LIMIT 1;"""


def _settled_fills() -> str:
    return """SELECT n.fill_id, changes.quantity IS NOT DISTINCT FROM f.quantity AS has_lots INTO bad
    FROM new_rows n JOIN orders_fill f ON f.id = n.fill_id LEFT JOIN accounts_journal j ON j.fill_id = f.id
        CROSS JOIN LATERAL (SELECT sum(abs(c.quantity_change)) AS quantity FROM accounts_lotchange c WHERE c.fill_id = f.id) changes
        CROSS JOIN LATERAL (
            SELECT sum(e.amount) AS amount, count(*) FILTER (WHERE e.account_id <> f.account_id) AS of_others
            FROM accounts_entry e WHERE e.journal_id = j.id AND e.account_id IS NOT NULL
        ) entries
    WHERE n.step = 'SETTLED' AND (j.market_id, changes.quantity, entries.amount, entries.of_others) IS DISTINCT FROM
        (f.market_id, f.quantity, f.realised_pnl - f.fee, 0)
    LIMIT 1;"""


def statements() -> list[str]:
    """Statement-level."""
    return [guard_sql(), after_sql("orders_event_guard", "INSERT", "orders_orderevent")]
