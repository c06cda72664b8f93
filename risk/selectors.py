"""Which accounts to watch, and where they were last seen on the ladder."""

from collections.abc import Iterable

from risk.enums import MarginState
from risk.models import RiskEvent
from tradingdesk.kernel import sql

WATCHED = """
SELECT f.account_id FROM accounts_accountfunds f JOIN accounts_account a ON a.id = f.account_id
WHERE a.status <> 'CLOSED' AND (f.margin > 0 OR f.balance < 0 OR (
    SELECT e.state FROM risk_riskevent e WHERE e.account_id = f.account_id ORDER BY e.id DESC LIMIT 1) <> 'NORMAL')
ORDER BY f.account_id"""


def accounts_to_watch() -> list[int]:
    """Accounts with open positions, with a balance below zero, and those that are not known to be normal."""
    return [row[0] for row in sql.fetch_all(WATCHED)]


def last_states(account_ids: Iterable[int]) -> dict[int, MarginState]:
    """Where each account was last seen; those without an event are absent, and normal."""
    newest = RiskEvent.objects.filter(account_id__in=account_ids).order_by("account_id", "-id").distinct("account_id")
    return {account_id: MarginState(state) for account_id, state in newest.values_list("account_id", "state")}


def state_of(account_id: int) -> MarginState:
    """Where the account stands."""
    return last_states([account_id]).get(account_id, MarginState.NORMAL)
