"""Decides one request against an account's state: check, freeze, match, and fill, rest or cancel. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from accounts.domain.booking import booking_day
from accounts.domain.state import AccountState
from orders.domain import execution
from orders.domain.checks import CHECKS, DEAL_CHECKS, Situation, account_denial, first_denial
from orders.domain.estimates import Asked, reserve
from orders.domain.facts import Facts
from orders.domain.order import Agreed, Denial, OrderRequest, Reservation, WorkingOrder
from orders.enums import OrderAction, OrderStatus, OrderType, Reason, TimeInForce
from orders.matching import dealer
from quotes.domain.calendar import Calendar
from quotes.domain.dealing import Dealing, Quote, Rates
from tradingdesk.kernel.money import ZERO


@dataclass(frozen=True, slots=True)
class Venue:
    """Where the order is dealt: the instrument in its market, its sessions (`calendar`), the market's trading days, the market's time and the wall
    clock's. `dealings` value what the account holds. With `agreed` terms it is dealt at their price (`dealing` quotes it), and the quote is not checked.
    """

    dealing: Dealing
    dealings: Mapping[tuple[int, int], Dealing]
    calendar: Calendar
    days: Calendar
    market_time: datetime
    wall_time: datetime
    agreed: Agreed | None = None


def at_agreed_price(venue: Venue, agreed: Agreed, source: str) -> Venue:
    """The same venue, quoting what was agreed, whole."""
    known = venue.dealing.quote
    quote = Quote(known.seq if known else 0, venue.market_time, agreed.price, agreed.price, source, venue.wall_time)
    return replace(venue, dealing=replace(venue.dealing, quote=quote, quote_quantity=None), agreed=agreed)


def new_order(order_id: int, request: OrderRequest, state: AccountState, venue: Venue | None) -> WorkingOrder:
    """The order as it begins: rates copied, the tick it was placed at noted."""
    day = booking_day(venue.days, state, venue.market_time) if venue else None
    rates = venue.dealing.rates_on(day, state.margin_factor) if venue and day else Rates(Decimal(1))
    quote = venue.dealing.quote if venue else None
    return WorkingOrder(
        id=order_id,
        account_id=request.account_id,
        market_id=state.market_id,
        instrument_id=request.instrument_id,
        side=request.side,
        effect=request.effect,
        type=request.type,
        time_in_force=request.time_in_force,
        quantity=request.quantity,
        limit_price=request.limit_price,
        status=OrderStatus.PLACED,
        filled_quantity=ZERO,
        filled_value=ZERO,
        realised_pnl=ZERO,
        fees=ZERO,
        checked_seq=quote.seq if quote else 0,
        trading_day=day,
        rates=rates,
        actor_id=request.actor_id,
        request_id=request.request_id,
    )


def decide(order: WorkingOrder, state: AccountState, venue: Venue | None, facts: Facts) -> Denial | None:
    """The whole sequence for one new order; the denial, if it was refused."""
    if venue is None:
        unlisted = account_denial(state) or Denial(
            Reason.NOT_IN_SESSION, "The instrument is not listed in the account's market.", {"is_listed": False}
        )
        execution.deny(order, unlisted, facts.recorded_at, facts)
        return unlisted
    reserved = freeze_amounts(order, state, venue)
    in_session = venue.calendar.is_open(venue.market_time)
    checks = DEAL_CHECKS if venue.agreed else CHECKS
    denial = first_denial(Situation(order, state, venue.dealing, in_session, venue.market_time, venue.wall_time, reserved), checks)
    if denial is not None:
        execution.deny(order, denial, venue.market_time, facts)
        return denial
    _execute(order, state, venue, reserved, facts)
    return None


def freeze_price(limit_price: Decimal | None, quote: Quote | None, *, is_buy: bool) -> Decimal | None:
    """The price an order may be dealt at, at most: its limit, or for market orders the dealer's quote; a sell that the bid meets is dealt at the bid."""
    if quote is None or limit_price is None:
        return limit_price if quote is None else (quote.ask if is_buy else quote.bid)
    return limit_price if is_buy else max(limit_price, quote.bid)


def freeze_amounts(order: WorkingOrder, state: AccountState, venue: Venue) -> Reservation:
    """What to freeze: at the limit price, or for market orders at the dealer's quote (rules/futures.md §5.3); an agreed fee replaces the schedule's.

    Nothing while there is no price or no valid quantity: the checks refuse those first.
    """
    price = freeze_price(order.limit_price, venue.dealing.quote, is_buy=order.is_buy)
    if not price or price <= 0 or order.quantity <= 0 or order.trading_day is None:
        return Reservation()
    asked = Asked(order.position_side, order.is_closing, price, order.quantity, order.trading_day)
    reserved = reserve(asked, state, venue.dealing, order.rates)
    return replace(reserved, fee=venue.agreed.fee) if venue.agreed and venue.agreed.fee is not None else reserved


def _execute(order: WorkingOrder, state: AccountState, venue: Venue, reserved: Reservation, facts: Facts) -> None:
    at, quote = venue.market_time, venue.dealing.quote
    assert quote is not None, "check_quote has passed"
    assert order.trading_day is not None, "a venue gives a trading day"
    freeze = execution.place(order, state, reserved, at, facts)
    deal = dealer.deal(quote, is_buy=order.is_buy, limit_price=order.limit_price, leaves=order.leaves, most=venue.dealing.lots_per_quote)
    if deal is not None:
        execution.fill(
            order,
            state,
            freeze,
            venue.dealing,
            quote,
            quantity=deal.quantity,
            price=deal.price,
            day=order.trading_day,
            at=at,
            facts=facts,
            agreed_fee=venue.agreed.fee if venue.agreed else None,
        )
    if order.leaves and (order.time_in_force == TimeInForce.IOC or order.type == OrderType.MARKET):
        execution.end(order, state, freeze, OrderAction.CANCEL, Reason.NOT_FILLABLE, at, facts)
    elif deal is None:
        execution.rest(order, state, at, facts)
    state.revalue(venue.dealings)
    facts.stand(state)
