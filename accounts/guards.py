"""What PostgreSQL refuses of money: an unbalanced journal, a journal across markets, an entry after the fact or out of turn, a balance without its entry,
frozen margin beyond available, funds out of nothing, a status outside its table.

Balances are moved by the entries' own trigger and by nothing else, so a balance is always the sum of the account's entries, and every entry says what it
left. That frozen is the sum of the open freezes and margin that of the lots is not looked at here (larger-side margin is less than the sum; what is
open at an account can be long): settlement's proof, the nightly verification and the tests' invariants recompute it.
"""

from accounts.domain.transitions import FREEZE, STANDING
from accounts.enums import FloatingRule
from accounts.models import Freeze
from tradingdesk.kernel.guards import DERIVES, LOOKS_UP, after_sql, born_empty_sql

# Journals are there before their entries, and parties before both: what a deferred key would let in later is unknown here, and refused. All entries of a
# journal come in one statement: its lines begin with 0, and line 0 is there once. The funds row that is moved is locked by it, so of two statements at one
# moment the second sees what the first left, and must have followed on from it.
POSTED = f"""
CREATE OR REPLACE FUNCTION accounts_entry_posted() RETURNS trigger LANGUAGE plpgsql {DERIVES} AS $guard$
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
    SELECT journal_id INTO bad FROM new_rows GROUP BY journal_id HAVING min(line) <> 0 OR max(line) <> count(*) - 1 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'JOURNAL_POSTED: journal % takes all its lines at once, from 0', bad.journal_id USING ERRCODE = 'DK003';
    END IF;
    UPDATE accounts_accountfunds f SET balance = f.balance + n.total, version = greatest(f.version, n.version)
    FROM (SELECT account_id, sum(amount) AS total, max(account_version) AS version FROM new_rows WHERE account_id IS NOT NULL GROUP BY account_id) n
    WHERE f.account_id = n.account_id;
    SELECT n.account_id, n.id INTO bad
    FROM (
        SELECT account_id, id, balance_after, account_version, sum(amount) OVER earlier AS so_far, sum(amount) OVER own AS total,
            lag(account_version) OVER earlier AS version_before, min(id) OVER own AS first, count(*) OVER own AS lines,
            row_number() OVER earlier AS place
        FROM new_rows WHERE account_id IS NOT NULL WINDOW own AS (PARTITION BY account_id), earlier AS (PARTITION BY account_id ORDER BY id)
    ) n LEFT JOIN accounts_accountfunds f ON f.account_id = n.account_id
    WHERE f.account_id IS NULL OR n.balance_after IS DISTINCT FROM f.balance - n.total + n.so_far OR n.account_version < n.version_before
        OR n.place = n.lines AND (n.account_version < f.version
            OR (SELECT count(*) FROM accounts_entry e WHERE e.account_id = n.account_id AND e.id >= n.first) <> n.lines)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'ENTRY_OUT_OF_TURN: entry % of account % does not follow on from what it stood at', bad.id, bad.account_id USING ERRCODE = 'DK003';
    END IF;
    RETURN NULL;
END $guard$"""

PROFITS_COUNT = f"""
CREATE OR REPLACE FUNCTION accounts_profits_count(account bigint) RETURNS boolean LANGUAGE plpgsql STABLE {LOOKS_UP} AS $guard$
BEGIN
    RETURN EXISTS (
        SELECT FROM accounts_account a JOIN accounts_risktier t ON t.id = a.tier_id JOIN accounts_lot l ON l.account_id = a.id AND l.quantity > 0
        WHERE a.id = account AND t.floating IN ('{FloatingRule.ALL}', '{FloatingRule.GAINS_ONLY}'));
END $guard$"""

# Whether a row's version is this transaction's, a part of it that was released included. A row knows the lower half of the number alone.
IS_OURS = """
CREATE OR REPLACE FUNCTION accounts_is_ours(written_by xid) RETURNS boolean LANGUAGE plpgsql STABLE AS $guard$
DECLARE
    ours pg_catalog.int8 := pg_current_xact_id()::pg_catalog.text::pg_catalog.int8;
    theirs pg_catalog.int8 := written_by::pg_catalog.text::pg_catalog.int8;
BEGIN
    theirs := ours + (theirs - ours % 4294967296 + 6442450944) % 4294967296 - 2147483648;
    RETURN theirs >= 0 AND coalesce(pg_xact_status(theirs::pg_catalog.text::pg_catalog.xid8) = 'in progress', false);
END $guard$"""

# One transaction has a version to itself: who computed from an earlier state finds it taken.
# A floating profit (a loss below zero) counts only where the tier lets profits count and a lot is open; how large it is, the guard cannot know: it has no
# quotes, and takes the writer's figure. Everybody else's frozen margin is paid for without it.
FUNDS = """
CREATE OR REPLACE FUNCTION accounts_funds_guard() RETURNS trigger LANGUAGE plpgsql AS $guard$
DECLARE available pg_catalog.numeric;
BEGIN
    IF NEW.version < OLD.version THEN
        RAISE EXCEPTION 'VERSION_BACKWARDS: account % from % to %', OLD.account_id, OLD.version, NEW.version USING ERRCODE = 'DK004';
    END IF;
    IF NEW.version = OLD.version AND NOT public.accounts_is_ours(OLD.xmin) THEN
        RAISE EXCEPTION 'VERSION_TAKEN: account % is at % already', OLD.account_id, OLD.version USING ERRCODE = 'DK004';
    END IF;
    IF NEW.frozen_margin > OLD.frozen_margin THEN
        available := NEW.balance - NEW.frozen_margin - NEW.frozen_fee - NEW.margin - NEW.floating_loss;
        IF NEW.floating_loss < 0 AND NOT public.accounts_profits_count(NEW.account_id) THEN
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
        POSTED,
        after_sql("accounts_entry_posted", "INSERT", "accounts_entry"),
        PROFITS_COUNT,
        IS_OURS,
        FUNDS,
        "CREATE OR REPLACE TRIGGER accounts_funds_guard BEFORE UPDATE ON accounts_accountfunds FOR EACH ROW EXECUTE FUNCTION accounts_funds_guard()",
        BORN_EMPTY,
        "CREATE OR REPLACE TRIGGER accounts_funds_born_empty BEFORE INSERT ON accounts_accountfunds FOR EACH ROW "
        "WHEN (ROW(NEW.balance, NEW.frozen_margin, NEW.frozen_fee, NEW.margin, NEW.floating_loss, NEW.version) <> ROW(0, 0, 0, 0, 0, 0)) "
        "EXECUTE FUNCTION accounts_funds_born_empty()",
        *STANDING.guard_sql("accounts_account"),
        *FREEZE.guard_sql("accounts_freeze"),
        born_empty_sql("accounts_freeze", (*Freeze.derived_fields, "released_quantity", "released_margin", "released_fee")),
    ]
