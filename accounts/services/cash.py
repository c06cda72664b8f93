"""Cash in and out: a balanced journal against the house's cash at bank, under the account's lock."""

from decimal import Decimal

from accounts.domain.journal import FundsRow, JournalDraft
from accounts.enums import EntryKind, JournalKind
from accounts.exceptions import InsufficientFunds
from accounts.models import Journal
from accounts.services.days import lock_settled_states
from accounts.services.funds import update_funds, write_journals
from quotes.models import Market
from quotes.selectors.markets import current_trading_day, market_now
from tradingdesk.kernel import money, sql
from tradingdesk.kernel.dispatch import notify_accounts_on_commit
from tradingdesk.kernel.errors import InvalidRequest
from tradingdesk.kernel.locks import command


@command
def post_cash(account_id: int, amount: Decimal, *, reason: str, actor_id: int | None = None, request_id: str = "") -> int:
    """Deposits (above zero) or withdraws (below zero) `amount` in the account's currency; the journal's id.

    Raises NotFound (account), InvalidRequest (zero, parts of a cent, no reason), InsufficientFunds (withdrawal beyond what is available; unrealised profit is
    never paid out). Changes balance and version of the account.
    """
    if amount == 0 or amount != money.cents_half_up(amount) or not reason.strip():
        raise InvalidRequest("Cash needs an amount in whole cents, other than zero, and a reason.", amount=str(amount), reason=reason)
    counts = {Journal: 1}
    locked = lock_settled_states([account_id], extras=[sql.ids_statement(counts)])
    state = locked.states[account_id]
    withdrawable = min(state.available(), state.balance - state.frozen - state.margin)
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
    write_journals([journal])
    update_funds([FundsRow.of(state)])
    notify_accounts_on_commit({state.id: state.version})
    return journal.id
