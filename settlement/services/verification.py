"""Recomputes from rows everything the books store, and keeps what differs as breaks. Nothing is ever repaired.

All checks of one verification see one snapshot, in a transaction that can only read, while trading goes on; what they found is written in a second one. One
verification at a time, by an advisory lock on a connection of its own.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import structlog
from django.db import transaction

from quotes.models import Market
from settlement.enums import VerificationSource
from settlement.exceptions import VerificationRunning
from settlement.models import Break, Verification
from settlement.models.verification import TEXT_LETTERS
from settlement.selectors import Difference, differences, rows_by_table
from tradingdesk.kernel import clock, money, sql
from tradingdesk.kernel.errors import NotFound
from tradingdesk.kernel.locks import AdvisoryLock, command
from tradingdesk.kernel.session_locks import SessionLocks

log = structlog.get_logger(__name__)

EVERYWHERE = 0  # second key of the lock: there is one verification, whatever its market
# Every check passes once over whole tables (tests/bench/bench_verify.py). Sums of millions of amounts are made faster, and in less memory, over sorted rows
# than in hashes; a million look-ups, which a wrong guess of the planner's would choose, are slower than both; and parallel workers would each make the same
# sums, on processors that trading needs.
SNAPSHOT = (
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
    "SET LOCAL work_mem = '128MB'",
    "SET LOCAL enable_hashagg = off",
    "SET LOCAL enable_nestloop = off",
    "SET LOCAL max_parallel_workers_per_gather = 0",
)
# Books may be so wrong that a row names an account or a market that is not there: the break is kept without it.
WRITE_BREAKS = """
INSERT INTO settlement_break (kind, market_id, account_id, object_id, part, stored, recomputed, difference, first_found_at, last_found_at,
    first_verification_id, last_verification_id)
SELECT n.kind, m.id, a.id, n.object_id, n.part, n.stored, n.recomputed, n.difference, %(at)s, %(at)s, %(verification)s, %(verification)s
FROM json_to_recordset(%(rows)s::json) AS n(kind text, market_id bigint, account_id bigint, object_id bigint, part text, stored text, recomputed text,
    difference numeric)
    LEFT JOIN quotes_market m ON m.id = n.market_id LEFT JOIN accounts_account a ON a.id = n.account_id
ON CONFLICT (kind, object_id, part) WHERE gone_at IS NULL DO UPDATE SET stored = excluded.stored, recomputed = excluded.recomputed,
    difference = excluded.difference, last_found_at = excluded.last_found_at, last_verification_id = excluded.last_verification_id"""


def verify(market_id: int | None = None, *, source: VerificationSource, actor_id: int | None = None) -> Verification:
    """Verifies the books of one market or of all and returns the verification; its breaks are open.

    Raises NotFound (market), VerificationRunning, LockLost. Starts its own transactions; never inside one. Changes nothing but breaks.
    """
    if market_id is not None and not Market.objects.filter(pk=market_id).exists():
        raise NotFound("There is no such market.", market=market_id)
    with SessionLocks("verification") as locks:
        if not locks.take(AdvisoryLock.VERIFICATION, EVERYWHERE):
            raise VerificationRunning("The books are being verified right now.")
        started_at = clock.now()
        found, rows = _read(market_id)
        locks.check()
        return record(found, rows, market_id=market_id, source=source, actor_id=actor_id, started_at=started_at)


def _read(market_id: int | None) -> tuple[list[Difference], dict[str, int]]:
    with transaction.atomic(durable=True):
        for setting in SNAPSHOT:
            sql.execute(setting)
        return differences(market_id), rows_by_table()


@command
def record(
    found: Sequence[Difference],
    rows: dict[str, int],
    *,
    market_id: int | None,
    source: VerificationSource,
    actor_id: int | None = None,
    started_at: datetime,
) -> Verification:
    """Writes the verification and its breaks: new ones, those found again, and those of the same market (or of all) that are gone."""
    before = Break.objects.filter(gone_at__isnull=True)
    if market_id is not None:
        before = before.filter(market_id=market_id)
    was_open = {(row.kind, row.object_id, row.part): row.pk for row in before.only("kind", "object_id", "part")}
    keys = {one.key for one in found}
    verification = Verification.objects.create(
        market_id=market_id,
        source=source,
        actor_id=actor_id,
        started_at=started_at,
        finished_at=clock.now(),
        rows=sum(rows.values()),
        rows_by_table=rows,
        found=len(keys),
        new=len(keys - was_open.keys()),
        gone=len(was_open.keys() - keys),
    )
    _write(found, verification)
    Break.objects.filter(pk__in=[pk for key, pk in was_open.items() if key not in keys]).update(gone_at=verification.finished_at)
    if found:
        log.error("the books do not add up", breaks=len(keys), new=verification.new, verification=verification.pk)
    return verification


def _write(found: Sequence[Difference], verification: Verification) -> None:
    lines = [
        {
            "kind": one.kind,
            "market_id": one.market_id,
            "account_id": one.account_id,
            "object_id": one.object_id,
            "part": one.part,
            "stored": _text(one.stored),
            "recomputed": _text(one.recomputed),
            "difference": one.difference,
        }
        for one in found
    ]
    if lines:
        sql.execute(WRITE_BREAKS, {"at": verification.finished_at, "verification": verification.pk, "rows": sql.rows_json(lines)})


def _text(value: object) -> str:
    # Figures as they are written elsewhere: no exponent, no trailing zeros.
    if value is None:
        return "nothing"
    return (money.text(value) or "" if isinstance(value, Decimal) else str(value))[:TEXT_LETTERS]
