"""Lots. One is born as its opening fill says; from then on its changes move it, and nothing else does. A fill's changes never exceed it; that they make it
up in full is demanded where it settles (`log`).
"""

from tradingdesk.kernel.guards import DERIVES, LOOKS_UP, after_sql

OPENED = f"""
CREATE OR REPLACE FUNCTION orders_lot_opened() RETURNS trigger LANGUAGE plpgsql {LOOKS_UP} AS $guard$
DECLARE bad record;
BEGIN
    SELECT n.id INTO bad
    FROM new_rows n LEFT JOIN orders_fill f ON f.id = n.opening_fill_id
    WHERE (n.account_id, n.instrument_id, n.side, n.open_price, n.basis_price, n.trading_day, n.quantity, 'OPEN') IS DISTINCT FROM
        (f.account_id, f.instrument_id, CASE f.side WHEN 'BUY' THEN 'LONG' ELSE 'SHORT' END, f.price, f.price, f.trading_day, n.opened_quantity, f.effect)
        OR n.quantity > f.quantity OR n.closed_at IS NOT NULL OR n.marked_through IS NOT NULL
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'LOT_WITHOUT_FILL: lot % is not what a fill opened', bad.id USING ERRCODE = 'DK009';
    END IF;
    RETURN NULL;
END $guard$"""

CHANGED = f"""
CREATE OR REPLACE FUNCTION orders_lot_changed() RETURNS trigger LANGUAGE plpgsql {DERIVES} AS $guard$
DECLARE bad record;
BEGIN
    SELECT n.lot_id INTO bad
    FROM new_rows n LEFT JOIN accounts_lot l ON l.id = n.lot_id LEFT JOIN orders_fill f ON f.id = n.fill_id
    WHERE l.account_id IS DISTINCT FROM n.account_id
        OR n.kind = 'OPEN' AND (n.fill_id, n.quantity_change, n.margin_change) <> (l.opening_fill_id, l.opened_quantity, l.margin)
        OR n.kind = 'CLOSE' AND (l.account_id, l.instrument_id, l.side, 'CLOSE') IS DISTINCT FROM
            (f.account_id, f.instrument_id, CASE f.side WHEN 'SELL' THEN 'LONG' ELSE 'SHORT' END, f.effect)
        OR n.kind <> 'MARK' AND (SELECT sum(abs(c.quantity_change)) FROM accounts_lotchange c WHERE c.fill_id = n.fill_id) > f.quantity
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'LOT_CHANGE_WITHOUT_FILL: lot % is not changed like this by its fill', bad.lot_id USING ERRCODE = 'DK009';
    END IF;
    UPDATE accounts_lot l SET quantity = l.quantity + n.quantity, margin = l.margin + n.margin, basis_price = coalesce(n.marks[1], l.basis_price),
        marked_through = coalesce(n.marked_through, l.marked_through),
        closed_at = CASE WHEN l.quantity + n.quantity = 0 THEN coalesce(l.closed_at, n.recorded_at) END
    FROM (
        SELECT lot_id, sum(quantity_change) AS quantity, sum(margin_change) AS margin, max(recorded_at) AS recorded_at,
            array_agg(price ORDER BY id DESC) FILTER (WHERE kind = 'MARK') AS marks, max(trading_day) FILTER (WHERE kind = 'MARK') AS marked_through
        FROM new_rows WHERE kind <> 'OPEN' GROUP BY lot_id
    ) n WHERE l.id = n.lot_id;
    RETURN NULL;
END $guard$"""


def statements() -> list[str]:
    """Statement-level, over what was inserted."""
    return [
        OPENED,
        after_sql("orders_lot_opened", "INSERT", "accounts_lot"),
        CHANGED,
        after_sql("orders_lot_changed", "INSERT", "accounts_lotchange"),
    ]
