"""The invariants of the books (DESIGN §5), recomputed from rows: what every test that moved money ends with."""

from tradingdesk.kernel import sql

# Each statement names what is wrong, row by row; right books give no rows.
INVARIANTS = {
    "a journal does not sum to zero": "SELECT journal_id, currency, sum(amount) FROM accounts_entry GROUP BY 1, 2 HAVING sum(amount) <> 0",
    "a journal has no entries": "SELECT id FROM accounts_journal WHERE id NOT IN (SELECT journal_id FROM accounts_entry)",
    "a balance is not the sum of its entries": """
        SELECT f.account_id, f.balance, coalesce(sum(e.amount), 0) FROM accounts_accountfunds f LEFT JOIN accounts_entry e USING (account_id)
        GROUP BY 1, 2 HAVING f.balance <> coalesce(sum(e.amount), 0)""",
    "frozen is not the sum of open freezes": """
        SELECT f.account_id, f.frozen_margin, f.frozen_fee FROM accounts_accountfunds f
        LEFT JOIN accounts_freeze z ON z.account_id = f.account_id AND z.status = 'OPEN' GROUP BY 1, 2, 3
        HAVING f.frozen_margin <> coalesce(sum(z.margin - z.captured_margin - z.released_margin), 0)
            OR f.frozen_fee <> coalesce(sum(z.fee - z.captured_fee - z.released_fee), 0)""",
    "margin is not what the open lots are charged, the larger side of each margin group": """
        SELECT f.account_id, f.margin FROM accounts_accountfunds f LEFT JOIN (
            SELECT account_id, CASE WHEN margin_group = '' THEN sum(margin)
                ELSE greatest(coalesce(sum(margin) FILTER (WHERE side = 'LONG'), 0), coalesce(sum(margin) FILTER (WHERE side = 'SHORT'), 0)) END AS charged
            FROM accounts_lot GROUP BY account_id, margin_group) l USING (account_id)
        GROUP BY 1, 2 HAVING f.margin <> coalesce(sum(l.charged), 0)""",
    "a lot is not the sum of its changes": """
        SELECT l.id FROM accounts_lot l LEFT JOIN accounts_lotchange c ON c.lot_id = l.id GROUP BY l.id, l.quantity, l.margin
        HAVING l.quantity <> coalesce(sum(c.quantity_change), 0) OR l.margin <> coalesce(sum(c.margin_change), 0)""",
    "lots differ from fills": """
        SELECT account_id, instrument_id, sum(signed) FROM (
            SELECT account_id, instrument_id, CASE side WHEN 'BUY' THEN quantity ELSE -quantity END AS signed FROM orders_fill
            UNION ALL SELECT account_id, instrument_id, CASE side WHEN 'LONG' THEN -quantity ELSE quantity END FROM accounts_lot) x
        GROUP BY 1, 2 HAVING sum(signed) <> 0""",
    "an order's filled quantity, fees or P&L differ from its fills": """
        SELECT o.id FROM orders_order o LEFT JOIN orders_fill f ON f.order_id = o.id GROUP BY o.id
        HAVING o.filled_quantity <> coalesce(sum(f.quantity), 0) OR o.fees <> coalesce(sum(f.fee), 0)
            OR o.realised_pnl <> coalesce(sum(f.realised_pnl), 0)""",
    "a fill has no journal": "SELECT id FROM orders_fill WHERE id NOT IN (SELECT fill_id FROM accounts_journal WHERE fill_id IS NOT NULL)",
    "a fill's journal has other amounts": """
        SELECT f.id FROM orders_fill f JOIN accounts_journal j ON j.fill_id = f.id
        JOIN accounts_entry e ON e.journal_id = j.id AND e.account_id IS NOT NULL GROUP BY f.id, f.realised_pnl, f.fee
        HAVING sum(e.amount) <> f.realised_pnl - f.fee""",
    "a fill has not walked its five steps once each, in order": """
        SELECT fill_id FROM orders_orderevent WHERE fill_id IS NOT NULL GROUP BY fill_id
        HAVING string_agg(step, ' ' ORDER BY id) <> 'MATCHED FILLED RELEASED POSITIONED SETTLED'""",
    "an order that has ended still freezes": """
        SELECT o.id FROM orders_order o JOIN accounts_freeze z ON z.order_id = o.id
        WHERE (o.status IN ('FILLED', 'CANCELED', 'EXPIRED')) <> (z.status = 'RESOLVED')""",
    "an order was committed half way": "SELECT id FROM orders_order WHERE status IN ('PLACED', 'FROZEN')",
    "versions have gaps": """
        SELECT f.account_id, f.version, count(DISTINCT v.version) FROM accounts_accountfunds f LEFT JOIN (
            SELECT account_id, account_version AS version FROM accounts_entry WHERE account_id IS NOT NULL
            UNION SELECT account_id, account_version FROM orders_orderevent WHERE account_version IS NOT NULL
            UNION SELECT account_id, account_version FROM accounts_accountday) v USING (account_id)
        GROUP BY 1, 2 HAVING f.version <> count(DISTINCT v.version)""",
    "money crossed a market": """
        SELECT e.id FROM accounts_entry e JOIN accounts_journal j ON j.id = e.journal_id
        LEFT JOIN accounts_account a ON a.id = e.account_id LEFT JOIN accounts_houseaccount h ON h.id = e.house_account_id
        WHERE coalesce(a.market_id, h.market_id) <> j.market_id""",
}


def broken_invariants() -> dict[str, list[tuple]]:
    """What is wrong with the books, by name, with the first rows of each."""
    found = {name: sql.fetch_all(statement)[:5] for name, statement in INVARIANTS.items()}
    return {name: rows for name, rows in found.items() if rows}


def assert_books_are_right() -> None:
    """Fails with every broken invariant and its rows."""
    assert broken_invariants() == {}
