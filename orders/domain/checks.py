"""Pre-trade checks, in the order of `Reason`: each looks at values and answers with a Denial or None. The first refusal wins.

Closing orders are never refused for funds (DESIGN §4).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from accounts.domain.state import AccountState
from accounts.enums import AccountStatus
from orders.domain.order import Denial, Reservation, WorkingOrder
from orders.enums import OrderType, Reason
from quotes.domain.dealing import Dealing, Quote, is_fresh
from tradingdesk.kernel import money


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything the checks look at."""

    order: WorkingOrder
    state: AccountState
    dealing: Dealing
    in_session: bool
    market_time: datetime
    wall_time: datetime
    reserved: Reservation

    @property
    def quote(self) -> Quote:
        """The quote in force; only after check_quote has passed."""
        assert self.dealing.quote is not None
        return self.dealing.quote


Check = Callable[[Situation], Denial | None]


def account_denial(state: AccountState) -> Denial | None:
    """The first check, of the account alone: it stands before everything about the instrument."""
    if state.status == AccountStatus.ACTIVE:
        return None
    return Denial(Reason.ACCOUNT_NOT_ACTIVE, "The account does not take orders.", {"status": state.status})


def check_account(s: Situation) -> Denial | None:
    denial = account_denial(s.state)
    if denial is not None:
        return denial
    if s.state.currency != s.dealing.currency:
        detail = {"account_currency": s.state.currency, "instrument_currency": s.dealing.currency}
        return Denial(Reason.ACCOUNT_NOT_ACTIVE, f"The account is kept in {s.state.currency}, not in {s.dealing.currency}.", detail)
    return None


def check_session(s: Situation) -> Denial | None:
    if s.in_session and s.dealing.is_active:
        return None
    detail = {"instrument": s.dealing.symbol, "is_listed": s.dealing.is_active, "at": s.market_time.isoformat()}
    return Denial(Reason.NOT_IN_SESSION, f"{s.dealing.symbol} is not trading now.", detail)


def check_quote(s: Situation) -> Denial | None:
    quote = s.dealing.quote
    if quote is None:
        return Denial(Reason.STALE_QUOTE, f"There is no quote for {s.dealing.symbol} yet.", {"instrument": s.dealing.symbol})
    age, maximum = quote.age_seconds(s.wall_time), s.dealing.max_quote_age_seconds
    if is_fresh(age, maximum):
        return None
    detail = {"instrument": s.dealing.symbol, "age_seconds": f"{age:.1f}", "maximum_seconds": str(maximum)}
    if age < 0:
        return Denial(
            Reason.STALE_QUOTE, f"The last quote came in {-age:.1f} s after this moment: a clock was set back, and its age is unknown.", detail
        )
    return Denial(Reason.STALE_QUOTE, f"The last quote is {age:.1f} s old; at most {maximum} s are allowed.", detail)


def check_tick(s: Situation) -> Denial | None:
    price = s.order.limit_price
    if price is None or money.on_grid(price, s.dealing.tick_size):
        return None
    detail = {"price": money.text(price), "tick_size": money.text(s.dealing.tick_size)}
    return Denial(Reason.OFF_TICK, f"{money.text(price)} is not a multiple of the tick {money.text(s.dealing.tick_size)}.", detail)


def check_price_range(s: Situation) -> Denial | None:
    price = s.order.limit_price
    if s.order.type != OrderType.LIMIT or (price is not None and price > 0):
        return None
    return Denial(Reason.OUTSIDE_PRICE_LIMITS, "A limit price must be above zero.", {"price": money.text(price), "above": "0"})


def check_quantity(s: Situation) -> Denial | None:
    if s.order.quantity > 0:
        return None
    return Denial(Reason.QTY_INVALID, "The quantity must be above zero.", {"quantity": money.text(s.order.quantity), "above": "0"})


def check_maximum(s: Situation) -> Denial | None:
    limits = [m for m in (s.dealing.max_order_quantity, s.state.max_order_quantity) if m is not None]
    if not limits or s.order.quantity <= min(limits):
        return None
    detail = {"quantity": money.text(s.order.quantity), "maximum": money.text(min(limits))}
    return Denial(Reason.QTY_OVER_MAXIMUM, f"At most {money.text(min(limits))} lots go in one order.", detail)


def check_step(s: Situation) -> Denial | None:
    if money.on_grid(s.order.quantity, s.dealing.quantity_step):
        return None
    detail = {"quantity": money.text(s.order.quantity), "step": money.text(s.dealing.quantity_step)}
    return Denial(Reason.QTY_NOT_MULTIPLE, f"The quantity must be a multiple of {money.text(s.dealing.quantity_step)}.", detail)


def check_position_limit(s: Situation) -> Denial | None:
    limit = s.state.max_position_quantity
    committed = s.state.committed(s.order.instrument_id, s.order.position_side)
    if s.order.is_closing or limit is None or committed + s.order.quantity <= limit:
        return None
    detail = {"quantity": money.text(s.order.quantity), "open_and_pending": money.text(committed), "limit": money.text(limit)}
    return Denial(Reason.POSITION_LIMIT, f"At most {money.text(limit)} lots may be open on one side.", detail)


def check_closable(s: Situation) -> Denial | None:
    closable = s.state.closable(s.order.instrument_id, s.order.position_side)
    if not s.order.is_closing or s.order.quantity <= closable:
        return None
    detail = {"quantity": money.text(s.order.quantity), "closable": money.text(closable), "side": s.order.position_side}
    return Denial(Reason.CLOSABLE_EXCEEDED, f"Only {money.text(closable)} lots are open to close.", detail)


def check_funds(s: Situation) -> Denial | None:
    required, available = s.reserved.margin + s.reserved.fee, s.state.available()
    if s.order.is_closing or required <= available:
        return None
    detail = {"required": money.text(required), "margin": money.text(s.reserved.margin), "fee": money.text(s.reserved.fee)}
    detail |= {"available": money.text(available), "currency": s.state.currency}
    return Denial(Reason.INSUFFICIENT_FUNDS, f"{required:,.2f} {s.state.currency} are needed, {available:,.2f} are available.", detail)


CHECKS: tuple[Check, ...] = (
    check_account,
    check_session,
    check_quote,
    check_tick,
    check_price_range,
    check_quantity,
    check_maximum,
    check_step,
    check_position_limit,
    check_closable,
    check_funds,
)


# A deal that was agreed elsewhere is not dealt on a quote of ours.
OF_THE_QUOTE = (check_session, check_quote, check_tick, check_price_range)
DEAL_CHECKS: tuple[Check, ...] = tuple(check for check in CHECKS if check not in OF_THE_QUOTE)


def first_denial(situation: Situation, checks: tuple[Check, ...] = CHECKS) -> Denial | None:
    """Runs the checks in order; None when all pass."""
    return next((denial for check in checks if (denial := check(situation))), None)
