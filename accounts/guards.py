"""What PostgreSQL refuses of money: an unbalanced journal, a journal across markets, an entry after the fact, frozen margin beyond available,
funds out of nothing, a status outside its table.

What it does not refuse: a row-level guard sees one row. That a balance is the sum of the account's entries, and frozen and margin those of its freezes and
lots, is not looked at here but recomputed by settlement's proof and by the tests' invariants.
"""

from accounts.domain.transitions import FREEZE, STANDING
from accounts.enums import FloatingRule
from tradingdesk.kernel.guards import BY_INDEX

# Journals are there before their entries, and parties before both: what a deferred key would let in later is unknown here, and refused. Two
# statements at one moment on a journal that was committed without entries would not see each other; our writer never commits one.
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
    FROM new_rows n LEFT JOIN accounts_journal j ON j.id = n.journal_id
        LEFT JOIN accounts_account a ON a.id = n.account_id LEFT JOIN accounts_houseaccount h ON h.id = n.house_account_id
    WHERE coalesce(a.market_id, h.market_id) IS DISTINCT FROM j.market_id OR coalesce(a.currency, h.currency) IS DISTINCT FROM n.currency LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'JOURNAL_ACROSS_MARKETS: journal %', bad.journal_id USING ERRCODE = 'DK003';
    END IF;
    SELECT n.journal_id INTO bad
    FROM (SELECT journal_id, count(*) AS lines FROM new_rows GROUP BY journal_id) n
    WHERE (SELECT count(*) FROM accounts_entry e WHERE e.journal_id = n.journal_id) <> n.lines LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'JOURNAL_POSTED: journal % has entries already', bad.journal_id USING ERRCODE = 'DK003';
    END IF;
    RETURN NULL;
END $guard$"""

PROFITS_COUNT = f"""
CREATE OR REPLACE FUNCTION accounts_profits_count(account bigint) RETURNS boolean LANGUAGE plpgsql STABLE {BY_INDEX} AS $guard$
BEGIN
    RETURN EXISTS (
        SELECT FROM accounts_account a JOIN accounts_risktier t ON t.id = a.tier_id JOIN accounts_lot l ON l.account_id = a.id AND l.quantity > 0
        WHERE a.id = account AND t.floating IN ('{FloatingRule.ALL}', '{FloatingRule.GAINS_ONLY}'));
END $guard$"""

# A floating profit (a loss below zero) counts only where the tier lets profits count and a lot is open; how large it is, the guard cannot know: it has no
# quotes, and takes the writer's figure. Everybody else's frozen margin is paid for without it.
FUNDS = """
CREATE OR REPLACE FUNCTION accounts_funds_guard() RETURNS trigger LANGUAGE plpgsql AS $guard$
DECLARE available numeric;
BEGIN
    IF NEW.version < OLD.version THEN
        RAISE EXCEPTION 'VERSION_BACKWARDS: account % from % to %', OLD.account_id, OLD.version, NEW.version USING ERRCODE = 'DK004';
    END IF;
    IF NEW.frozen_margin > OLD.frozen_margin THEN
        available := NEW.balance - NEW.frozen_margin - NEW.frozen_fee - NEW.margin - NEW.floating_loss;
        IF NEW.floating_loss < 0 AND NOT accounts_profits_count(NEW.account_id) THEN
            available := available + NEW.floating_loss;
        END IF;
        IF available < 0 OR available = 'NaN' THEN
            RAISE EXCEPTION 'INSUFFICIENT_FUNDS: account % available %', OLD.account_id, available USING ERRCODE = 'DK004';
        END IF;
    END IF;
    RETURN NEW;
END $guard$"""

BORN_EMPTY = """
CREATE OR REPLACE FUNCTION accounts_funds_born_empty() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
    RAISE EXCEPTION 'FUNDS_FROM_NOTHING: account % begins with zero', NEW.account_id USING ERRCODE = 'DK004';
END $guard$"""


def statements() -> list[str]:
    """Triggers on entries (statement-level, over the inserted rows), on funds (only rows whose frozen margin rises pay for it) and on statuses."""
    return [
        BALANCED,
        "CREATE OR REPLACE TRIGGER accounts_entry_balanced AFTER INSERT ON accounts_entry REFERENCING NEW TABLE AS new_rows "
        "FOR EACH STATEMENT EXECUTE FUNCTION accounts_entry_balanced()",
        PROFITS_COUNT,
        FUNDS,
        "CREATE OR REPLACE TRIGGER accounts_funds_guard BEFORE UPDATE ON accounts_accountfunds FOR EACH ROW EXECUTE FUNCTION accounts_funds_guard()",
        BORN_EMPTY,
        "CREATE OR REPLACE TRIGGER accounts_funds_born_empty BEFORE INSERT ON accounts_accountfunds FOR EACH ROW "
        "WHEN (ROW(NEW.balance, NEW.frozen_margin, NEW.frozen_fee, NEW.margin, NEW.floating_loss, NEW.version) <> ROW(0, 0, 0, 0, 0, 0)) "
        "EXECUTE FUNCTION accounts_funds_born_empty()",
        *STANDING.guard_sql("accounts_account"),
        *FREEZE.guard_sql("accounts_freeze"),
    ]
