"""Freezes and fills. With a freeze its order is FROZEN, with a fill its order is filled and its freeze captured: both in the statement that inserts them, so
that none comes without the other. A freeze is released only once its order has ended.
"""

from orders.guards.sets import FILLABLE, GIVEN_UP, texts
from tradingdesk.kernel.guards import DERIVES, LOOKS_UP, after_sql

FREEZE_MADE = f"""
CREATE OR REPLACE FUNCTION orders_freeze_made() RETURNS trigger LANGUAGE plpgsql {LOOKS_UP} AS $guard$
DECLARE frozen bigint;
BEGIN
    UPDATE orders_order o SET status = 'FROZEN' FROM new_rows n
    WHERE o.id = n.order_id AND o.status = 'PLACED'
        AND (o.account_id, o.instrument_id, o.quantity, o.effect = 'CLOSE') = (n.account_id, n.instrument_id, n.quantity, n.is_closing)
        AND n.side = CASE WHEN (o.side = 'BUY') <> (o.effect = 'CLOSE') THEN 'LONG' ELSE 'SHORT' END;
    GET DIAGNOSTICS frozen = ROW_COUNT;
    IF frozen <> (SELECT count(*) FROM new_rows) THEN
        RAISE EXCEPTION 'FREEZE_WITHOUT_ORDER: there is no placed order that it fits' USING ERRCODE = 'DK010';
    END IF;
    RETURN NULL;
END $guard$"""

FREEZE_RELEASED = f"""
CREATE OR REPLACE FUNCTION orders_freeze_released() RETURNS trigger LANGUAGE plpgsql {LOOKS_UP} AS $guard$
BEGIN
    IF NEW.status <> 'RESOLVED' OR NOT EXISTS (SELECT FROM orders_order o WHERE o.id = NEW.order_id AND o.status IN ({texts(GIVEN_UP)})) THEN
        RAISE EXCEPTION 'RELEASED_WHILE_OPEN: the freeze of order %', NEW.order_id USING ERRCODE = 'DK010';
    END IF;
    RETURN NEW;
END $guard$"""

# The last share resolves the freeze; that nothing of it is left over then, and that no more is captured than there was, are checks of the table.
FILL_MADE = f"""
CREATE OR REPLACE FUNCTION orders_fill_made() RETURNS trigger LANGUAGE plpgsql {DERIVES} AS $guard$
DECLARE changed bigint;
BEGIN
    UPDATE orders_order o SET filled_quantity = o.filled_quantity + n.quantity, filled_value = o.filled_value + n.value, fees = o.fees + n.fees,
        realised_pnl = o.realised_pnl + n.pnl, checked_seq = greatest(o.checked_seq, n.seq),
        status = CASE WHEN o.filled_quantity + n.quantity = o.quantity THEN 'FILLED' ELSE 'PARTIALLY_FILLED' END,
        ended_at = CASE WHEN o.filled_quantity + n.quantity = o.quantity THEN n.recorded_at END
    FROM (
        SELECT order_id, account_id, market_id, instrument_id, side, effect, sum(quantity) AS quantity, sum(price * quantity) AS value, sum(fee) AS fees,
            sum(realised_pnl) AS pnl, max(quote_seq) AS seq, max(recorded_at) AS recorded_at
        FROM new_rows GROUP BY 1, 2, 3, 4, 5, 6
    ) n
    WHERE o.id = n.order_id AND o.status IN ({texts(FILLABLE)})
        AND (o.account_id, o.market_id, o.instrument_id, o.side, o.effect) = (n.account_id, n.market_id, n.instrument_id, n.side, n.effect);
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed <> (SELECT count(DISTINCT (order_id, account_id, market_id, instrument_id, side, effect)) FROM new_rows) THEN
        RAISE EXCEPTION 'FILL_WITHOUT_ORDER: there is no open order that it fits' USING ERRCODE = 'DK008';
    END IF;
    UPDATE accounts_freeze z SET captured_quantity = z.captured_quantity + n.quantity, captured_margin = z.captured_margin + n.margin,
        captured_fee = z.captured_fee + n.fee,
        status = CASE WHEN z.captured_quantity + z.released_quantity + n.quantity = z.quantity THEN 'RESOLVED' ELSE z.status END,
        resolved_at = CASE WHEN z.captured_quantity + z.released_quantity + n.quantity = z.quantity THEN n.recorded_at END
    FROM (
        SELECT order_id, sum(quantity) AS quantity, sum(captured_margin) AS margin, sum(captured_fee) AS fee, max(recorded_at) AS recorded_at
        FROM new_rows GROUP BY order_id
    ) n
    WHERE z.order_id = n.order_id;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed <> (SELECT count(DISTINCT order_id) FROM new_rows) THEN
        RAISE EXCEPTION 'FILL_WITHOUT_FREEZE: there is nothing to capture' USING ERRCODE = 'DK008';
    END IF;
    RETURN NULL;
END $guard$"""

RELEASED = ("released_quantity", "released_margin", "released_fee")


def statements() -> list[str]:
    """Statement-level; the release of a freeze, which is seldom, per row."""
    before, after = (", ".join(f"{row}.{column}" for column in RELEASED) for row in ("OLD", "NEW"))
    return [
        FREEZE_MADE,
        after_sql("orders_freeze_made", "INSERT", "accounts_freeze"),
        FREEZE_RELEASED,
        f"CREATE OR REPLACE TRIGGER orders_freeze_released BEFORE UPDATE OF {', '.join(RELEASED)} ON accounts_freeze FOR EACH ROW "
        f"WHEN (ROW({before}) IS DISTINCT FROM ROW({after})) EXECUTE FUNCTION orders_freeze_released()",
        FILL_MADE,
        after_sql("orders_fill_made", "INSERT", "orders_fill"),
    ]
