"""What PostgreSQL refuses of money: an unbalanced journal, a journal across markets, an entry after the fact, frozen margin beyond available."""

from tradingdesk.kernel.guards import BY_INDEX

BALANCED = f"""
CREATE OR REPLACE FUNCTION accounts_entry_balanced() RETURNS trigger LANGUAGE plpgsql {BY_INDEX} AS $guard$
DECLARE bad record;
BEGIN
    SELECT journal_id, currency, sum(amount) AS total INTO bad
    FROM new_rows GROUP BY journal_id, currency HAVING sum(amount) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'UNBALANCED_JOURNAL: journal % sums to % %', bad.journal_id, bad.total, bad.currency USING ERRCODE = 'DK003';
    END IF;
    SELECT n.journal_id INTO bad
    FROM new_rows n JOIN accounts_journal j ON j.id = n.journal_id
        LEFT JOIN accounts_account a ON a.id = n.account_id LEFT JOIN accounts_houseaccount h ON h.id = n.house_account_id
    WHERE coalesce(a.market_id, h.market_id) <> j.market_id OR coalesce(a.currency, h.currency) <> n.currency LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'JOURNAL_ACROSS_MARKETS: journal %', bad.journal_id USING ERRCODE = 'DK003';
    END IF;
    RETURN NULL;
END $guard$"""

FUNDS = """
CREATE OR REPLACE FUNCTION accounts_funds_guard() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
    IF NEW.version < OLD.version THEN
        RAISE EXCEPTION 'VERSION_BACKWARDS: account % from % to %', OLD.account_id, OLD.version, NEW.version USING ERRCODE = 'DK004';
    END IF;
    IF NEW.frozen_margin > OLD.frozen_margin
        AND NEW.balance - NEW.frozen_margin - NEW.frozen_fee - NEW.margin - NEW.floating_loss < 0 THEN
        RAISE EXCEPTION 'INSUFFICIENT_FUNDS: account % available %', OLD.account_id,
            NEW.balance - NEW.frozen_margin - NEW.frozen_fee - NEW.margin - NEW.floating_loss USING ERRCODE = 'DK004';
    END IF;
    RETURN NEW;
END $guard$"""


def statements() -> list[str]:
    """Triggers on entries (statement-level, over the inserted rows) and on funds (only rows whose frozen margin rises pay for it)."""
    return [
        BALANCED,
        "CREATE OR REPLACE TRIGGER accounts_entry_balanced AFTER INSERT ON accounts_entry REFERENCING NEW TABLE AS new_rows "
        "FOR EACH STATEMENT EXECUTE FUNCTION accounts_entry_balanced()",
        FUNDS,
        "CREATE OR REPLACE TRIGGER accounts_funds_guard BEFORE UPDATE ON accounts_accountfunds FOR EACH ROW EXECUTE FUNCTION accounts_funds_guard()",
    ]
