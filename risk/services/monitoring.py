"""The margin sweep: from the database alone, it needs no memory of anything. Each crossing becomes one event, decided again under the account's lock.

Acting on it (liquidation) comes with later releases; until then a crossing is recorded and the account's watchers are told.
"""

from decimal import Decimal

import structlog
from django.db import DatabaseError

from accounts.domain.state import AccountState, margin_level
from accounts.models import Account, RiskTier
from accounts.reading import read_states
from accounts.services.states import lock_states
from risk.domain.ladder import Thresholds, rung
from risk.enums import MarginState
from risk.models import RiskEvent
from risk.selectors import accounts_to_watch, last_states, state_of
from tradingdesk.kernel.dispatch import notify_accounts_on_commit
from tradingdesk.kernel.errors import DeskError
from tradingdesk.kernel.locks import command

log = structlog.get_logger(__name__)
CHUNK = 500  # accounts read in one round trip


def sweep() -> int:
    """Looks at every account with positions or in the red; how many crossed a threshold. One bad account never stops the others."""
    ids = accounts_to_watch()
    crossed = 0
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        read, known, tiers = read_states(part), last_states(part), _tiers(part)
        due = []
        for account_id, state in read.states.items():
            before = known.get(account_id, MarginState.NORMAL)
            if _stands(state, tiers[account_id], before)[0] != before:
                due.append(account_id)
        crossed += sum(_record_safely(account_id) for account_id in due)
    return crossed


def _record_safely(account_id: int) -> bool:
    try:
        return record_crossing(account_id)
    except (DatabaseError, DeskError) as error:
        log.error("margin not checked", account=account_id, error=str(error))
        return False


@command
def record_crossing(account_id: int) -> bool:
    """Looks again under the lock and records the crossing, if it still is one. Raises NotFound, LockTimeout."""
    locked = lock_states([account_id])
    state, before = locked.states[account_id], state_of(account_id)
    now, level, equity = _stands(state, _tiers([account_id])[account_id], before)
    if now == before:
        return False
    RiskEvent.objects.create(
        account_id=account_id,
        state_before=before,
        state=now,
        margin_level=level,
        equity=equity,
        margin=state.margin,
        available=state.available(),
        account_version=state.version,
        recorded_at=locked.recorded_at,
    )
    notify_accounts_on_commit({account_id: state.version})
    log.warning("margin state", account=account_id, before=before, now=now, level=str(level))
    return True


def _tiers(account_ids: list[int]) -> dict[int, RiskTier]:
    return {account.pk: account.tier for account in Account.objects.filter(pk__in=account_ids).select_related("tier")}


def _stands(state: AccountState, tier: RiskTier, before: MarginState) -> tuple[MarginState, Decimal | None, Decimal]:
    level = margin_level(state.equity, state.margin)
    thresholds = Thresholds(tier.watch_level, tier.warning_level, tier.liquidation_level)
    return rung(level, state.equity, thresholds, before), level, state.equity
