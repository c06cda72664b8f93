"""Reads accounts with their lots, reservations and quotes: one round trip, for showing (unlocked) and for deciding (after `accounts.locks`)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from accounts.domain.lots import LotState
from accounts.domain.margins import open_share
from accounts.domain.state import AccountState
from accounts.locks import lock_accounts
from quotes.selectors.dealing import Dealings, query_dealings, read_dealings
from tradingdesk.kernel import clock, sql

FUNDS = """
SELECT a.id, a.market_id, a.currency, a.status, t.floating, t.margin_factor, t.max_order_quantity, t.max_position_quantity, m.clock,
    m.priced_through, f.settled_through, f.balance, f.frozen_margin, f.frozen_fee, f.margin, f.version, a.opened_at,
    (SELECT l.calendar_id FROM quotes_listing l WHERE l.market_id = m.id ORDER BY l.id LIMIT 1),
    CASE m.clock WHEN 'FEED' THEN (SELECT min(q.time) FROM quotes_latestquote q WHERE q.market_id = m.id) WHEN 'SCRIPT' THEN m.script_time END,
    t.deficit, t.variation_call, clock_timestamp()
FROM accounts_account a JOIN accounts_accountfunds f ON f.account_id = a.id JOIN accounts_risktier t ON t.id = a.tier_id
    JOIN quotes_market m ON m.id = a.market_id
WHERE a.id = ANY(%s) ORDER BY a.id"""
_LOT = ", ".join(LotState.__slots__)
# Open lots, and those closed since the last settlement of which a close may still be charged as today's.
LOTS = f"""
SELECT {_LOT} FROM accounts_lot WHERE account_id = ANY(%s) AND quantity > 0
UNION ALL
SELECT {", ".join(f"l.{name}" for name in LotState.__slots__)} FROM accounts_accountfunds f JOIN accounts_lot l ON l.account_id = f.account_id
WHERE f.account_id = ANY(%s) AND l.quantity = 0 AND l.charged_today < l.opened_quantity
    AND l.trading_day > coalesce(f.settled_through, '-infinity'::date)
ORDER BY id"""
RESERVED = """
SELECT account_id, instrument_id, side, is_closing, quantity - captured_quantity - released_quantity, quantity, margin_group, gross_margin
FROM accounts_freeze WHERE account_id = ANY(%s) AND status = 'OPEN'"""
DEALT = """
SELECT market_id, unnest(%s::bigint[]) FROM accounts_account WHERE id = ANY(%s)
UNION SELECT a.market_id, l.instrument_id FROM accounts_lot l JOIN accounts_account a ON a.id = l.account_id
    WHERE l.account_id = ANY(%s) AND l.quantity > 0"""


@dataclass(frozen=True, slots=True)
class Read:
    """What was read. `recorded_at` is the database's clock at that moment: after the last lock was granted, where locks were asked for."""

    states: dict[int, AccountState]
    dealings: Dealings
    recorded_at: datetime
    extras: list[psycopg.Cursor[Any]]


def read_states(
    account_ids: Iterable[int],
    instrument_ids: Iterable[int] = (),
    extras: Sequence[sql.Statement] = (),
    *,
    lock: bool = False,
    skip_busy: bool = False,
) -> Read:
    """Reads the accounts that exist, their open lots and freezes, and the dealings of `instrument_ids` and of what they hold; `extras` are more
    statements to send along. With `lock` the accounts are locked first, in the same round trip; with `skip_busy` too, those that somebody else holds are
    left out of the answer (what is read of them would be read without their lock).
    """
    ids = sorted(set(account_ids))
    with sql.pipeline():
        held = lock_accounts(ids, skip_busy=skip_busy) if lock else None
        funds = sql.execute(FUNDS, [ids])
        lots = sql.execute(LOTS, [ids, ids])
        reserved = sql.execute(RESERVED, [ids])
        dealings = query_dealings(DEALT, [sorted(set(instrument_ids)), ids, ids])
        more = [sql.execute(*extra) for extra in extras]
    rows = funds.fetchall()
    mine = {row[0] for row in held.fetchall()} if held is not None else set(ids)
    states = {row[0]: _state(row) for row in rows if row[0] in mine}
    _attach(states, lots, reserved)
    found = read_dealings(dealings)
    for state in states.values():
        state.revalue(found)
    return Read(states, found, rows[-1][-1] if rows else clock.now(), more)


def _attach(states: dict[int, AccountState], lots: psycopg.Cursor[Any], reserved: psycopg.Cursor[Any]) -> None:
    for row in lots.fetchall():
        lot = LotState(*row)
        if lot.account_id in states:
            state = states[lot.account_id]
            (state.lots if lot.quantity else state.closed_lots).append(lot)
    for account_id, instrument_id, side, is_closing, quantity, frozen_quantity, group, gross_margin in reserved.fetchall():
        if account_id in states:
            states[account_id].reserve(instrument_id, side, quantity, is_closing=is_closing)
            states[account_id].pend(group, side, open_share(gross_margin, quantity, frozen_quantity))


def _state(row: tuple[Any, ...]) -> AccountState:
    return AccountState(**dict(zip(AccountState.__slots__, row[:-1], strict=False)))
