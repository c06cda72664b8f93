"""What an account stands at, against the rows it comes from."""

from orders.domain.steps import FILL_STEPS
from settlement.checks.check import Check, differing
from settlement.enums import BreakKind

# An account without a funds row stands at nothing at all, which differs from any sum.
BALANCE = """
SELECT a.market_id, a.id, a.id, '', f.balance, coalesce(e.total, 0)
FROM accounts_account a LEFT JOIN accounts_accountfunds f ON f.account_id = a.id
    LEFT JOIN (SELECT account_id, sum(amount) AS total FROM accounts_entry WHERE account_id IS NOT NULL GROUP BY account_id) e ON e.account_id = a.id
WHERE f.balance IS DISTINCT FROM coalesce(e.total, 0)"""

FROZEN = f"""
SELECT a.market_id, a.id, a.id, v.part, v.stored, v.recomputed
FROM accounts_accountfunds f JOIN accounts_account a ON a.id = f.account_id
    LEFT JOIN (
        SELECT account_id, sum(margin - captured_margin - released_margin) AS margin, sum(fee - captured_fee - released_fee) AS fee
        FROM accounts_freeze WHERE status = 'OPEN' GROUP BY account_id) z ON z.account_id = a.id
    {differing(("margin", "f.frozen_margin", "coalesce(z.margin, 0)"), ("fee", "f.frozen_fee", "coalesce(z.fee, 0)"))}"""

# Lots of one margin group are charged the larger of their two sides (rules/futures.md §5.4), all others what they add up to.
MARGIN = """
SELECT a.market_id, a.id, a.id, '', f.margin, coalesce(l.margin, 0)
FROM accounts_accountfunds f JOIN accounts_account a ON a.id = f.account_id
    LEFT JOIN (
        SELECT account_id, sum(charged) AS margin FROM (
            SELECT account_id, CASE margin_group WHEN '' THEN sum(margin)
                ELSE greatest(sum(margin) FILTER (WHERE side = 'LONG'), sum(margin) FILTER (WHERE side = 'SHORT')) END AS charged
            FROM accounts_lot WHERE quantity > 0 GROUP BY account_id, margin_group) g
        GROUP BY account_id) l ON l.account_id = a.id
WHERE f.margin <> coalesce(l.margin, 0)"""

# Every version from 1 on is told of by an entry, an event or a day's snapshot: as many as the account counts, and none beyond. Account and version are one
# number, which sorts in a third of the time; events that follow another of the same command tell nothing new.
VERSION = f"""
SELECT a.market_id, a.id, a.id, '', f.version, CASE WHEN coalesce(v.versions, 0) <> f.version THEN coalesce(v.versions, 0) ELSE v.latest END
FROM accounts_accountfunds f JOIN accounts_account a ON a.id = f.account_id
    LEFT JOIN (
        SELECT told >> 32 AS account_id, count(*) AS versions, max(told & {2**32 - 1}) AS latest FROM (
            SELECT (account_id << 32) + account_version AS told FROM accounts_entry WHERE account_id IS NOT NULL
            UNION SELECT (account_id << 32) + account_version FROM orders_orderevent
            WHERE account_version IS NOT NULL AND (fill_id IS NULL OR step = '{FILL_STEPS[0]}') AND step <> 'FROZEN'
            UNION SELECT (account_id << 32) + account_version FROM accounts_accountday) versions
        GROUP BY told >> 32) v ON v.account_id = a.id
WHERE f.version <> coalesce(v.versions, 0) OR f.version <> coalesce(v.latest, 0)"""

# What was booked after the snapshot before, up to this day, belongs to this snapshot: `span` is the number of snapshots before.
ACCOUNT_DAY = f"""
SELECT d.market_id, d.account_id, d.id, v.part, v.stored, v.recomputed
FROM (
    SELECT account_id, span, max(day_id) AS day_id, sum(cash) AS cash, sum(realised) AS realised, sum(holding) AS holding, sum(fees) AS fees,
        sum(compensation) AS compensation, sum(lots) AS lots
    FROM (
        SELECT *, count(day_id) OVER (PARTITION BY account_id ORDER BY trading_day, day_id NULLS FIRST
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS span
        FROM (
            SELECT account_id, trading_day, NULL::bigint AS day_id, sum(amount) FILTER (WHERE kind = 'CASH') AS cash,
                sum(amount) FILTER (WHERE kind = 'REALISED_PNL') AS realised, sum(amount) FILTER (WHERE kind = 'HOLDING_PNL') AS holding,
                -sum(amount) FILTER (WHERE kind IN ('FEE', 'OVERNIGHT_FEE')) AS fees, sum(amount) FILTER (WHERE kind = 'COMPENSATION') AS compensation,
                NULL::bigint AS lots
            FROM accounts_entry WHERE account_id IS NOT NULL GROUP BY account_id, trading_day
            UNION ALL SELECT account_id, trading_day, NULL, NULL, NULL, NULL, NULL, NULL, count(*)
            FROM accounts_lotchange WHERE kind = 'MARK' GROUP BY account_id, trading_day
            UNION ALL SELECT account_id, trading_day, id, NULL, NULL, NULL, NULL, NULL, NULL FROM accounts_accountday
        ) facts
    ) spans GROUP BY account_id, span
) s
    JOIN (SELECT *, lag(closing_balance, 1, 0) OVER (PARTITION BY account_id ORDER BY trading_day) AS before FROM accounts_accountday) d ON d.id = s.day_id
    {
    differing(
        ("opening balance", "d.opening_balance", "d.before"),
        ("cash", "d.cash", "coalesce(s.cash, 0)"),
        ("realised P&L", "d.realised_pnl", "coalesce(s.realised, 0)"),
        ("holding P&L", "d.holding_pnl", "coalesce(s.holding, 0)"),
        ("fees", "d.fees", "coalesce(s.fees, 0)"),
        ("compensation", "d.compensation", "coalesce(s.compensation, 0)"),
        ("lots", "d.lots", "coalesce(s.lots, 0)"),
    )
}"""

ACCOUNT_CHECKS = (
    Check(BreakKind.BALANCE, "accounts.account", "The balance is {stored}; the account's entries add up to {recomputed}.", BALANCE),
    Check(BreakKind.FROZEN, "accounts.account", "Frozen {part} is {stored}; the account's open freezes hold {recomputed}.", FROZEN),
    Check(BreakKind.MARGIN, "accounts.account", "The margin is {stored}; the account's open lots occupy {recomputed}.", MARGIN),
    Check(BreakKind.VERSION, "accounts.account", "The version is {stored}; entries, events and days tell of {recomputed}.", VERSION),
    Check(
        BreakKind.ACCOUNT_DAY,
        "accounts.accountday",
        "The day's {part} is {stored}; the ledger, from the day before to this one, says {recomputed}.",
        ACCOUNT_DAY,
    ),
)
