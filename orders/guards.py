"""What PostgreSQL refuses of orders: a status outside the transition table, a step out of order."""

from orders.domain.steps import BARRED_BY, PREDECESSOR
from orders.domain.transitions import ORDER
from tradingdesk.kernel.guards import BY_INDEX


def step_guard_sql() -> str:
    """Every inserted event must follow the step before it, of the same order (and of the same fill, where the table says so), and none that bars it."""
    rows = ", ".join(f"('{step}', '{before}', {str(same_fill).lower()})" for step, (before, same_fill) in PREDECESSOR.items())
    barred = ", ".join(f"('{step}', '{after}')" for step, steps in BARRED_BY.items() for after in steps)
    return f"""
CREATE OR REPLACE FUNCTION orders_event_guard() RETURNS trigger LANGUAGE plpgsql {BY_INDEX} AS $guard$
DECLARE bad record;
BEGIN
    SELECT n.order_id, n.step, p.before INTO bad
    FROM new_rows n JOIN (VALUES {rows}) AS p(step, before, same_fill) ON p.step = n.step
    WHERE CASE WHEN p.same_fill  -- scalar look-ups in the unique index, whatever the size of the log
        THEN (SELECT e.id FROM orders_orderevent e WHERE e.order_id = n.order_id AND e.fill_id = n.fill_id AND e.step = p.before)
        ELSE (SELECT e.id FROM orders_orderevent e WHERE e.order_id = n.order_id AND e.fill_id IS NULL AND e.step = p.before)
        END < n.id IS NOT TRUE
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'STEP_OUT_OF_ORDER: order % has % without %', bad.order_id, bad.step, bad.before USING ERRCODE = 'DK005';
    END IF;
    SELECT n.order_id, n.step, b.after INTO bad
    FROM new_rows n JOIN (VALUES {barred}) AS b(step, after) ON b.step = n.step
    WHERE (SELECT e.id FROM orders_orderevent e WHERE e.order_id = n.order_id AND e.fill_id IS NULL AND e.step = b.after) < n.id
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'STEP_OUT_OF_ORDER: order % has % after %', bad.order_id, bad.step, bad.after USING ERRCODE = 'DK005';
    END IF;
    RETURN NULL;
END $guard$"""


def statements() -> list[str]:
    """Generated from the Python tables; a test compares the two."""
    return [
        *ORDER.guard_sql("orders_order"),
        step_guard_sql(),
        "CREATE OR REPLACE TRIGGER orders_event_guard AFTER INSERT ON orders_orderevent REFERENCING NEW TABLE AS new_rows "
        "FOR EACH STATEMENT EXECUTE FUNCTION orders_event_guard()",
    ]
