"""Each order against its fills, its events and its freeze."""

from collections.abc import Iterable

from orders.domain.steps import FILL_STEPS
from orders.domain.transitions import ORDER
from orders.enums import OrderStatus, OrderStep
from settlement.checks.check import Check, differing
from settlement.enums import BreakKind


def texts(words: Iterable[str]) -> str:
    """A list of literals."""
    return ", ".join(f"'{word}'" for word in words)


# Statuses that exist inside a transaction alone.
HALF = (OrderStatus.PLACED, OrderStatus.FROZEN)
ENDED = sorted(ORDER.terminal - {OrderStatus.DENIED})

ORDER_TOTALS = f"""
SELECT o.market_id, o.account_id, o.id, v.part, v.stored, v.recomputed
FROM orders_order o
    LEFT JOIN (
        SELECT order_id, sum(quantity) AS quantity, sum(quantity * price) AS value, sum(fee) AS fees, sum(realised_pnl) AS pnl
        FROM orders_fill GROUP BY order_id) f ON f.order_id = o.id
    {
    differing(
        ("filled quantity", "o.filled_quantity", "coalesce(f.quantity, 0)"),
        ("filled value", "o.filled_value", "coalesce(f.value, 0)"),
        ("fees", "o.fees", "coalesce(f.fees, 0)"),
        ("realised P&L", "o.realised_pnl", "coalesce(f.pnl, 0)"),
    )
}"""

ORDER_HALF = f"""
SELECT market_id, account_id, id, '', status, 'none' FROM orders_order WHERE status IN ({texts(HALF)})"""

# Steps that another one of the same command always follows are not the last of anything, and leave it to FILL_STEPS to miss what follows.
ORDER_STATUS = f"""
SELECT o.market_id, o.account_id, o.id, '', o.status, coalesce(e.status, 'no event')
FROM orders_order o LEFT JOIN (
        SELECT DISTINCT ON (order_id) order_id, status FROM orders_orderevent
        WHERE step NOT IN ({texts((OrderStep.PLACED, OrderStep.FROZEN, *FILL_STEPS[:-1]))}) ORDER BY order_id, id DESC
    ) e ON e.order_id = o.id
WHERE o.status IS DISTINCT FROM e.status"""

# Keys that another key implies are not checked by the database (tradingdesk.kernel.fields.ImpliedKey). An event of another account's shows in its versions.
ORDER_ROWS = """
SELECT a.market_id, a.id, r.order_id, r.part || ' of ' || r.kind || ' ' || r.id, r.stored::text, r.recomputed::text
FROM (
    SELECT o.id AS order_id, 'order' AS kind, o.id, 'market' AS part, o.market_id AS stored, a.market_id AS recomputed
    FROM orders_order o JOIN accounts_account a ON a.id = o.account_id WHERE o.market_id <> a.market_id
    UNION ALL SELECT o.id, 'fill', f.id, v.part, v.stored, v.recomputed FROM orders_fill f JOIN orders_order o ON o.id = f.order_id
    {fill}
    UNION ALL SELECT o.id, 'freeze', z.id, v.part, v.stored, v.recomputed FROM accounts_freeze z JOIN orders_order o ON o.id = z.order_id
    {freeze}
    UNION ALL SELECT f.order_id, 'lot', l.id, v.part, v.stored, v.recomputed FROM accounts_lot l JOIN orders_fill f ON f.id = l.opening_fill_id
    {lot}
    UNION ALL SELECT f.order_id, 'lot change', c.id, 'account', c.account_id, l.account_id
    FROM accounts_lotchange c JOIN accounts_lot l ON l.id = c.lot_id JOIN orders_fill f ON f.id = l.opening_fill_id WHERE c.account_id <> l.account_id
) r JOIN orders_order o ON o.id = r.order_id JOIN accounts_account a ON a.id = o.account_id""".format(
    fill=differing(
        ("account", "f.account_id", "o.account_id"), ("market", "f.market_id", "o.market_id"), ("instrument", "f.instrument_id", "o.instrument_id")
    ),
    freeze=differing(("account", "z.account_id", "o.account_id"), ("instrument", "z.instrument_id", "o.instrument_id")),
    lot=differing(("account", "l.account_id", "f.account_id"), ("instrument", "l.instrument_id", "f.instrument_id")),
)

FREEZE_STATUS = f"""
SELECT o.market_id, o.account_id, o.id, '', o.stored, o.recomputed
FROM (
    SELECT o.market_id, o.account_id, o.id, coalesce(z.status, 'none') AS stored,
        CASE WHEN o.status = '{OrderStatus.DENIED}' THEN 'none' WHEN o.status IN ({texts(ENDED)}) THEN 'RESOLVED'
            ELSE 'OPEN' END AS recomputed
    FROM orders_order o LEFT JOIN accounts_freeze z ON z.order_id = o.id
) o WHERE o.stored <> o.recomputed"""

FREEZE_CAPTURED = f"""
SELECT a.market_id, z.account_id, z.id, v.part, v.stored, v.recomputed
FROM accounts_freeze z JOIN accounts_account a ON a.id = z.account_id
    LEFT JOIN (
        SELECT order_id, sum(quantity) AS quantity, sum(captured_margin) AS margin, sum(captured_fee) AS fee FROM orders_fill GROUP BY order_id
    ) f ON f.order_id = z.order_id
    {
    differing(
        ("quantity", "z.captured_quantity", "coalesce(f.quantity, 0)"),
        ("margin", "z.captured_margin", "coalesce(f.margin, 0)"),
        ("fee", "z.captured_fee", "coalesce(f.fee, 0)"),
    )
}"""

ORDER_CHECKS = (
    Check(BreakKind.ORDER_TOTALS, "orders.order", "The order's {part} is {stored}; its fills add up to {recomputed}.", ORDER_TOTALS),
    Check(BreakKind.ORDER_HALF, "orders.order", "The order was left at {stored}, where no command may leave one.", ORDER_HALF),
    Check(BreakKind.ORDER_STATUS, "orders.order", "The order is {stored}; its last event says {recomputed}.", ORDER_STATUS),
    Check(BreakKind.ORDER_ROWS, "orders.order", "The {part} is {stored}; the order's own is {recomputed}.", ORDER_ROWS),
    Check(BreakKind.FREEZE_STATUS, "orders.order", "The order's freeze is {stored}; an order that stands so has {recomputed}.", FREEZE_STATUS),
    Check(BreakKind.FREEZE_CAPTURED, "accounts.freeze", "Captured {part} is {stored}; the order's fills took {recomputed}.", FREEZE_CAPTURED),
)
