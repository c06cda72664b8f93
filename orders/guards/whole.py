"""At commit: no order is half way, and each is what its log says last. The one deferred trigger of orders: it runs once for an order that was placed, or
that rested and changed its status; whatever else belongs to the change is compared when the events are written.
"""

from orders.guards.sets import HALF_WAY, texts
from tradingdesk.kernel.guards import LOOKS_UP, at_commit_sql

WHOLE = f"""
CREATE OR REPLACE FUNCTION orders_order_whole() RETURNS trigger LANGUAGE plpgsql {LOOKS_UP} AS $guard$
DECLARE stands record;
BEGIN
    SELECT o.status, (SELECT e.status FROM orders_orderevent e WHERE e.order_id = o.id ORDER BY e.id DESC LIMIT 1) AS told INTO stands
    FROM orders_order o WHERE o.id = NEW.id;
    IF stands.status IN ({texts(HALF_WAY)}) THEN
        RAISE EXCEPTION 'ORDER_HALF_WAY: order % is still %', NEW.id, stands.status USING ERRCODE = 'DK011';
    ELSIF stands.status IS DISTINCT FROM stands.told THEN
        RAISE EXCEPTION 'ORDER_NOT_AS_TOLD: order % is %, its log says %', NEW.id, stands.status, stands.told USING ERRCODE = 'DK011';
    END IF;
    RETURN NULL;
END $guard$"""


def statements() -> list[str]:
    """Half way, an order is one that was born in this transaction: the trigger of its birth looks after it."""
    moved = f"OLD.status IS DISTINCT FROM NEW.status AND OLD.status NOT IN ({texts(HALF_WAY)})"
    return [
        WHOLE,
        at_commit_sql("orders_order_placed_whole", "orders_order_whole", "INSERT", "orders_order", "true"),
        at_commit_sql("orders_order_moved_whole", "orders_order_whole", "UPDATE OF status", "orders_order", moved),
    ]
