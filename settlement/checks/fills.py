"""Each fill against what it did: its lot changes, its journal, its steps; and lots against fills."""

from orders.domain.steps import FILL_STEPS as STEPS
from settlement.checks.check import Check, differing
from settlement.enums import BreakKind

LOT = f"""
SELECT a.market_id, l.account_id, l.id, v.part, v.stored, v.recomputed
FROM accounts_lot l JOIN accounts_account a ON a.id = l.account_id
    LEFT JOIN (SELECT lot_id, sum(quantity_change) AS quantity, sum(margin_change) AS margin FROM accounts_lotchange GROUP BY lot_id) c ON c.lot_id = l.id
    {differing(("quantity", "l.quantity", "coalesce(c.quantity, 0)"), ("margin", "l.margin", "coalesce(c.margin, 0)"))}"""

# P&L runs from the settlement price a lot was marked at last, before that from the price of its fill (rules/futures.md §2.2).
LOT_BASIS = f"""
SELECT f.market_id, l.account_id, l.id, v.part, v.stored, v.recomputed
FROM accounts_lot l JOIN orders_fill f ON f.id = l.opening_fill_id
    LEFT JOIN (SELECT DISTINCT ON (lot_id) lot_id, price FROM accounts_lotchange WHERE kind = 'MARK' ORDER BY lot_id, id DESC) m ON m.lot_id = l.id
    {
    differing(
        ("opened quantity", "l.opened_quantity", "f.quantity"),
        ("open price", "l.open_price", "f.price"),
        ("basis price", "l.basis_price", "coalesce(m.price, f.price)"),
    )
}"""

# Bought less sold: long lots count as they are, short ones below zero.
POSITION = """
SELECT a.market_id, a.id, a.id, i.symbol, x.lots, x.fills
FROM (
    SELECT account_id, instrument_id, coalesce(sum(lots), 0) AS lots, coalesce(sum(fills), 0) AS fills
    FROM (
        SELECT account_id, instrument_id, sum(CASE side WHEN 'LONG' THEN quantity ELSE -quantity END) AS lots, NULL AS fills
        FROM accounts_lot GROUP BY account_id, instrument_id
        UNION ALL SELECT account_id, instrument_id, NULL, sum(CASE side WHEN 'BUY' THEN quantity ELSE -quantity END)
        FROM orders_fill GROUP BY account_id, instrument_id
    ) sides GROUP BY account_id, instrument_id
) x JOIN accounts_account a ON a.id = x.account_id JOIN quotes_instrument i ON i.id = x.instrument_id
WHERE x.lots <> x.fills"""

FILL_LOTS = f"""
SELECT f.market_id, f.account_id, f.id, v.part, v.stored, v.recomputed
FROM orders_fill f LEFT JOIN (
        SELECT c.fill_id, l.account_id, l.instrument_id, sum(CASE l.side WHEN 'LONG' THEN c.quantity_change ELSE -c.quantity_change END) AS quantity,
            sum(c.pnl) AS pnl
        FROM accounts_lotchange c JOIN accounts_lot l ON l.id = c.lot_id WHERE c.fill_id IS NOT NULL GROUP BY c.fill_id, l.account_id, l.instrument_id
    ) c ON c.fill_id = f.id AND c.account_id = f.account_id AND c.instrument_id = f.instrument_id
    {
    differing(
        ("quantity", "CASE f.side WHEN 'BUY' THEN f.quantity ELSE -f.quantity END", "coalesce(c.quantity, 0)"),
        ("realised P&L", "f.realised_pnl", "coalesce(c.pnl, 0)"),
    )
}"""

FILL_UNBOOKED = """
SELECT f.market_id, f.account_id, f.id, '', 'none', 'one'
FROM orders_fill f WHERE NOT EXISTS (SELECT FROM accounts_journal j WHERE j.fill_id = f.id)"""

FILL_JOURNAL = f"""
SELECT f.market_id, f.account_id, f.id, v.part, v.stored, v.recomputed
FROM orders_fill f JOIN accounts_journal booked ON booked.fill_id = f.id
    LEFT JOIN (
        SELECT j.fill_id, e.account_id, sum(e.amount) AS total, coalesce(sum(e.amount) FILTER (WHERE e.kind = 'REALISED_PNL'), 0) AS pnl,
            coalesce(-sum(e.amount) FILTER (WHERE e.kind = 'FEE'), 0) AS fee
        FROM accounts_entry e JOIN accounts_journal j ON j.id = e.journal_id
        WHERE e.account_id IS NOT NULL AND j.fill_id IS NOT NULL GROUP BY j.fill_id, e.account_id
    ) e ON e.fill_id = f.id AND e.account_id = f.account_id
    {
    differing(
        ("realised P&L", "f.realised_pnl", "coalesce(e.pnl, 0)"),
        ("fee", "f.fee", "coalesce(e.fee, 0)"),
        ("anything else", "0", "coalesce(e.total - e.pnl + e.fee, 0)"),
    )
}"""


def fill_steps_sql() -> str:
    """The steps from their table, once each, in the order of their ids; how they stand in the log is asked for those fills alone that differ."""
    firsts = ", ".join(f"min(id) FILTER (WHERE step = '{step}') AS step_{number}" for number, step in enumerate(STEPS))
    in_order = " AND ".join(f"s.step_{number} < s.step_{number + 1}" for number in range(len(STEPS) - 1))
    return f"""
SELECT f.market_id, f.account_id, f.id, '', coalesce((SELECT string_agg(e.step, ' ' ORDER BY e.id) FROM orders_orderevent e
        WHERE e.order_id = f.order_id AND e.fill_id = f.id), 'none'), '{" ".join(STEPS)}'
FROM orders_fill f LEFT JOIN (
        SELECT order_id, fill_id, count(*) AS steps, {firsts}
        FROM orders_orderevent WHERE fill_id IS NOT NULL GROUP BY order_id, fill_id
    ) s ON s.fill_id = f.id AND s.order_id = f.order_id
WHERE (s.steps = {len(STEPS)} AND {in_order}) IS NOT TRUE"""


FILL_CHECKS = (
    Check(BreakKind.LOT, "accounts.lot", "The lot's {part} is {stored}; its changes add up to {recomputed}.", LOT),
    Check(BreakKind.LOT_BASIS, "accounts.lot", "The lot's {part} is {stored}; its fill and its marks say {recomputed}.", LOT_BASIS),
    Check(
        BreakKind.POSITION,
        "accounts.account",
        "Open lots of {part} come to {stored}, the account's fills to {recomputed} (short: below zero).",
        POSITION,
    ),
    Check(BreakKind.FILL_LOTS, "orders.fill", "The fill's {part} is {stored}; its lot changes come to {recomputed}.", FILL_LOTS),
    Check(BreakKind.FILL_UNBOOKED, "orders.fill", "The fill has no journal.", FILL_UNBOOKED),
    Check(BreakKind.FILL_JOURNAL, "orders.fill", "The fill's {part} is {stored}; its journal paid {recomputed}.", FILL_JOURNAL),
    Check(BreakKind.FILL_STEPS, "orders.fill", "The fill's steps are {stored}, not {recomputed}.", fill_steps_sql()),
)
