"""Cash in and out: a balanced journal against the house's cash at bank, under the account's lock."""

from decimal import Decimal

from accounts.domain.journal import FundsRow, JournalDraft
from accounts.enums import EntryKind, JournalKind
from accounts.exceptions import InsufficientFunds
from accounts.models import Journal
from accounts.services.days import lock_settled_states
from accounts.services.funds import write_funds
from quotes.models import Market
from quotes.selectors.markets import current_trading_day, market_now
from tradingdesk.kernel import money, sql
from tradingdesk.kernel.dispatch import notify_accounts_on_commit
from tradingdesk.kernel.errors import InvalidRequest
from tradingdesk.kernel.locks import command

LARGEST_AMOUNT = Decimal(10) ** 15  # of one movement; a balance holds a thousand of them
REASON_LETTERS = 200  # what a journal holds


@command
def post_cash(account_id: int, amount: Decimal, *, reason: str, actor_id: int | None = None, request_id: str = "") -> int:
    """Deposits (above zero) or withdraws (below zero) `amount` in the account's currency; the journal's id.

    Raises InvalidRequest (zero, parts of a cent, too much, no reason), NotFound (account), InsufficientFunds (withdrawal beyond what is available;
    unrealised profit is never paid out), in this order. Changes balance and version of the account.
    """
    _check(amount, reason)
    counts = {Journal: 1}
    locked = lock_settled_states([account_id], extras=[sql.ids_statement(counts)])
    state = locked.states[account_id]
    withdrawable = state.withdrawable()
    if amount < 0 and -amount > withdrawable:
        raise InsufficientFunds(
            f"{-amount:,.2f} {state.currency} are asked for, {withdrawable:,.2f} can be withdrawn.",
            required=money.text(-amount),
            available=money.text(withdrawable),
        )
    market = Market.objects.get(pk=state.market_id)
    state.version += 1
    journal = JournalDraft(
        next(sql.read_ids(locked.extras[0], counts)[Journal]),
        state.market_id,
        JournalKind.CASH,
        current_trading_day(market),
        market_now(market),
        locked.recorded_at,
        actor_id=actor_id,
        reason=reason,
        request_id=request_id,
    )
    journal.post(state, EntryKind.CASH, amount)
    write_funds([FundsRow.of(state, [journal])])
    notify_accounts_on_commit({state.id: state.version})
    return journal.id


def _check(amount: Decimal, reason: str) -> None:
    if not amount.is_finite() or not 0 < abs(amount) <= LARGEST_AMOUNT or amount != money.cents_half_up(amount):
        raise InvalidRequest("Cash needs an amount in whole cents, other than zero.", field="amount", value=str(amount), maximum=str(LARGEST_AMOUNT))
    if not reason.strip() or len(reason) > REASON_LETTERS or "\x00" in reason:
        raise InvalidRequest(f"Cash needs a reason of at most {REASON_LETTERS} letters.", field="reason", letters=len(reason))
