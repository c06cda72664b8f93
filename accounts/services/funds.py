"""The only writer of AccountFunds, journals and entries. The balance is moved by PostgreSQL itself, as the entries are inserted (`accounts.guards`).

Everything here runs inside a caller's transaction, under the account's lock, and starts none. Amounts after a line are those of the account at that line,
so that as-of is an index look-up. House lines find their house account by market, currency and purpose.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest

from accounts.domain.journal import FundsRow, JournalDraft
from accounts.models import Journal
from tradingdesk.kernel import sql

UPDATE_FUNDS = """
UPDATE accounts_accountfunds f SET frozen_margin = n.frozen_margin, frozen_fee = n.frozen_fee, margin = n.margin,
    floating_loss = n.floating_loss, version = n.version, settled_through = n.settled_through
FROM json_to_recordset(%s::json) AS n(account_id bigint, frozen_margin numeric, frozen_fee numeric, margin numeric,
    floating_loss numeric, version bigint, settled_through date)
WHERE f.account_id = n.account_id"""
AMOUNTS = ("account_id", "frozen_margin", "frozen_fee", "margin", "floating_loss", "version", "settled_through")
INSERT_ENTRIES = """
INSERT INTO accounts_entry (journal_id, line, account_id, house_account_id, instrument_id, kind, currency, amount,
    account_version, balance_after, frozen_after, margin_after, trading_day, recorded_at)
SELECT n.journal_id, n.line, n.account_id, h.id, n.instrument_id, n.kind, n.currency, n.amount,
    n.account_version, n.balance_after, n.frozen_after, n.margin_after, n.trading_day, n.recorded_at
FROM json_to_recordset(%s::json) AS n(place integer, journal_id bigint, line integer, market_id bigint, account_id bigint, purpose text, instrument_id bigint,
        kind text, currency text, amount numeric, account_version bigint, balance_after numeric, frozen_after numeric, margin_after numeric,
        trading_day date, recorded_at timestamptz)
    LEFT JOIN accounts_houseaccount h ON h.market_id = n.market_id AND h.currency = n.currency AND h.purpose = n.purpose
ORDER BY n.place"""


def write_funds(rows: Iterable[FundsRow]) -> None:
    """Posts the journals and writes the amounts, both in the order they were reached: the first row of each account, then the second of each, and so on."""
    for wave in _waves(rows):
        _write_journals(journal for row in wave for journal in row.journals)
        _update_funds(wave)


def _waves(rows: Iterable[FundsRow]) -> Iterator[list[FundsRow]]:
    # Of the amounts on the way only those that raise what is frozen are written, because PostgreSQL checks them.
    steps: dict[int, list[FundsRow]] = {}
    for row in rows:
        earlier = steps.setdefault(row.account_id, [])
        if len(earlier) > 1 and earlier[-1].frozen_margin <= earlier[-2].frozen_margin:
            row = replace(row, journals=earlier.pop().journals + row.journals)
        earlier.append(row)
    for wave in zip_longest(*steps.values()):
        yield [row for row in wave if row is not None]


def _update_funds(rows: Sequence[FundsRow]) -> None:
    sql.execute(UPDATE_FUNDS, [sql.rows_json({name: getattr(row, name) for name in AMOUNTS} for row in rows)])


def _write_journals(journals: Iterable[JournalDraft]) -> None:
    # Journals and all their entries, in one INSERT each.
    journals = list(journals)
    fields = ("id", "market_id", "kind", "trading_day", "fill_id", "actor_id", "reason", "request_id", "market_time", "recorded_at")
    sql.insert(Journal, ({name: getattr(j, name) for name in fields} for j in journals))
    lines = [line for journal in journals for line in journal.lines]
    if lines:
        sql.execute(INSERT_ENTRIES, [sql.rows_json({**line, "place": place} for place, line in enumerate(lines))])
