"""Suspends an account and takes it back: under the account's lock, so that no order is being placed meanwhile. Resting orders stay; new ones are denied."""

from accounts.domain.transitions import STANDING
from accounts.enums import AccountStatus
from accounts.models import Account
from tradingdesk.kernel.attribution import attributed
from tradingdesk.kernel.errors import InvalidRequest, NotFound
from tradingdesk.kernel.locks import command

REASON_LETTERS = 100  # a sentence, as it stands in the history


@command
def change_standing(account_id: int, action: str, *, reason: str) -> Account:
    """SUSPEND or REACTIVATE. Raises InvalidRequest (no reason, too long), NotFound and InvalidTransition; the history says who and why."""
    reason = reason.strip()
    if not reason or len(reason) > REASON_LETTERS:
        raise InvalidRequest(f"A reason of at most {REASON_LETTERS} letters is needed.", field="reason", letters=len(reason))
    account = Account.objects.select_for_update(of=("self",), no_key=True).filter(pk=account_id).first()
    if account is None:
        raise NotFound("There is no such account.", account=account_id)
    account.status = AccountStatus(STANDING.next_status(account.status, action))
    with attributed(reason=reason):
        account.save(update_fields=["status"])
    return account


def possible_actions(status: str) -> list[str]:
    """What may be done to an account of this status."""
    return [action for before, action in STANDING.rows if before == status]
