"""The double-entry ledger against itself."""

from settlement.checks.check import Check
from settlement.enums import BreakKind

# Entries of one account are written under its lock, so their ids ascend with its balance.
ENTRY_CHAIN = """
SELECT a.market_id, c.account_id, c.id, '', c.balance_after, c.expected
FROM (
    SELECT id, account_id, balance_after, amount + coalesce(lag(balance_after) OVER (PARTITION BY account_id ORDER BY id), 0) AS expected
    FROM accounts_entry WHERE account_id IS NOT NULL
) c JOIN accounts_account a ON a.id = c.account_id
WHERE c.balance_after IS DISTINCT FROM c.expected"""

JOURNAL_SUM = """
SELECT j.market_id, (SELECT min(x.account_id) FROM accounts_entry x WHERE x.journal_id = j.id), j.id, e.currency, e.total, 0::numeric
FROM (SELECT journal_id, currency, sum(amount) AS total FROM accounts_entry GROUP BY journal_id, currency HAVING sum(amount) <> 0) e
    JOIN accounts_journal j ON j.id = e.journal_id"""

JOURNAL_EMPTY = """
SELECT j.market_id, NULL::bigint, j.id, '', 'none', 'some'
FROM accounts_journal j WHERE NOT EXISTS (SELECT FROM accounts_entry e WHERE e.journal_id = j.id)"""

JOURNAL_MARKET = """
SELECT j.market_id, e.account_id, e.id, '', (SELECT code FROM quotes_market WHERE id = coalesce(a.market_id, h.market_id)),
    (SELECT code FROM quotes_market WHERE id = j.market_id)
FROM accounts_entry e JOIN accounts_journal j ON j.id = e.journal_id
    LEFT JOIN accounts_account a ON a.id = e.account_id LEFT JOIN accounts_houseaccount h ON h.id = e.house_account_id
WHERE coalesce(a.market_id, h.market_id) <> j.market_id"""

# By the parties' own markets and currencies, whatever their journals and entries say.
ZERO_SUM = """
SELECT market_id, NULL::bigint, market_id, currency, sum(total), 0::numeric
FROM (
    SELECT coalesce(a.market_id, h.market_id) AS market_id, coalesce(a.currency, h.currency) AS currency, e.total
    FROM (SELECT account_id, house_account_id, sum(amount) AS total FROM accounts_entry GROUP BY account_id, house_account_id) e
        LEFT JOIN accounts_account a ON a.id = e.account_id LEFT JOIN accounts_houseaccount h ON h.id = e.house_account_id
) parties GROUP BY market_id, currency HAVING sum(total) <> 0"""

LEDGER_CHECKS = (
    Check(
        BreakKind.ENTRY_CHAIN,
        "accounts.entry",
        "The balance after the entry is {stored}; the one before and its amount make {recomputed}.",
        ENTRY_CHAIN,
    ),
    Check(BreakKind.JOURNAL_SUM, "accounts.journal", "The journal's entries in {part} add up to {stored}, not to {recomputed}.", JOURNAL_SUM),
    Check(BreakKind.JOURNAL_EMPTY, "accounts.journal", "The journal has no entries.", JOURNAL_EMPTY),
    Check(BreakKind.JOURNAL_MARKET, "accounts.entry", "The entry's party belongs to {stored}, its journal to {recomputed}.", JOURNAL_MARKET),
    Check(BreakKind.ZERO_SUM, "quotes.market", "Clients and house together stand at {stored} {part}, not at {recomputed}.", ZERO_SUM),
)
