"""The order sequence itself: place → freeze → match → fill → release → position → settle (DESIGN §4). Pure: changes the state it is given, notes the facts.

Every function leaves account, order and freeze consistent; the caller holds the account's lock and writes the facts in the same transaction.
"""

from datetime import date, datetime
from decimal import Decimal

from accounts.domain import lots
from accounts.domain.lots import LotState
from accounts.domain.state import AccountState
from accounts.enums import LotChangeKind
from orders.domain.facts import Facts
from orders.domain.order import Denial, FreezeState, Reservation, WorkingOrder
from orders.enums import OrderAction, OrderStatus, OrderStep, Reason
from quotes.domain.dealing import Dealing, Quote
from tradingdesk.kernel import money
from tradingdesk.kernel.money import ZERO


def deny(order: WorkingOrder, denial: Denial, at: datetime, facts: Facts) -> None:
    """Refused before anything moved: a row and one event, no version."""
    order.status = OrderStatus.DENIED
    order.reason, order.detail, order.ended_at = denial.reason, denial.detail, facts.recorded_at
    facts.event(order, None, OrderStep.DENIED, at, reason=denial.reason, quote_seq=str(order.checked_seq))


def place(order: WorkingOrder, state: AccountState, reserved: Reservation, at: datetime, facts: Facts) -> FreezeState:
    """PLACED and FROZEN: the account gives up margin and fee (or, when closing, lots and fee) until the order is filled or ends."""
    state.version += 1
    facts.event(order, state, OrderStep.PLACED, at, quote_seq=str(order.checked_seq))
    state.frozen_margin += reserved.margin
    state.frozen_fee += reserved.fee
    state.reserve(order.instrument_id, order.position_side, order.quantity, is_closing=order.is_closing)
    order.apply(OrderAction.FREEZE)
    group = "" if order.is_closing else order.rates.margin_group
    freeze = FreezeState(order.id, order.quantity, reserved.margin, reserved.fee, gross_margin=reserved.gross_margin, margin_group=group)
    state.pend(group, order.position_side, freeze.open_gross_margin)
    facts.event(order, state, OrderStep.FROZEN, at, margin=reserved.margin, fee=reserved.fee)
    facts.orders[order.id], facts.freezes[order.id] = order, freeze
    facts.new_freezes.append(
        {
            "account_id": order.account_id,
            "instrument_id": order.instrument_id,
            "order_id": order.id,
            "status": "OPEN",
            "side": order.position_side,
            "is_closing": order.is_closing,
            "quantity": order.quantity,
            "margin": reserved.margin,
            "fee": reserved.fee,
            "gross_margin": reserved.gross_margin,
            "margin_group": group,
            "created_at": facts.recorded_at,
        }
    )
    facts.stand(state)
    return freeze


def rest(order: WorkingOrder, state: AccountState, at: datetime, facts: Facts) -> None:
    """Not met by the quote in force: waits for a later tick."""
    order.apply(OrderAction.REST)
    facts.event(order, state, OrderStep.RESTED, at)


def fill(
    order: WorkingOrder,
    state: AccountState,
    freeze: FreezeState,
    dealing: Dealing,
    quote: Quote,
    *,
    quantity: Decimal,
    price: Decimal,
    day: date,
    at: datetime,
    facts: Facts,
    agreed_fee: Decimal | None = None,
) -> None:
    """One execution against the house, all five steps. A fee that was agreed replaces the schedule's."""
    fill_id = next(facts.fill_ids)
    facts.event(order, state, OrderStep.MATCHED, at, fill_id, quantity=quantity, price=price, quote_seq=str(quote.seq))
    order.filled_quantity += quantity
    order.filled_value += quantity * price
    order.apply(OrderAction.FILL_PART if order.leaves else OrderAction.FILL_REST)
    facts.event(order, state, OrderStep.FILLED, at, fill_id, bid=quote.bid, ask=quote.ask)
    captured = _capture(order, state, freeze, quantity, fill_id, at, facts)
    if order.is_closing:
        pnl, fee = _close_lots(order, state, dealing, quantity, price, day, fill_id, facts)
    else:
        pnl, fee = None, _open_lot(order, state, dealing, quantity, price, day, fill_id, facts)
    if agreed_fee is not None:
        fee = agreed_fee
    facts.event(order, state, OrderStep.POSITIONED, at, fill_id)
    facts.settle(order, state, day, at, fill_id, pnl=pnl, fee=fee)
    order.realised_pnl += pnl or ZERO
    order.fees += fee
    if not order.leaves:
        order.ended_at = facts.recorded_at
    facts.fill(order, state, quote, day, quantity=quantity, price=price, fee=fee, pnl=pnl or ZERO, captured=captured, id=fill_id)
    facts.event(order, state, OrderStep.SETTLED, at, fill_id, realised_pnl=pnl or ZERO, fee=fee)
    facts.orders[order.id], facts.freezes[order.id] = order, freeze


def end(
    order: WorkingOrder, state: AccountState, freeze: FreezeState, action: OrderAction, reason: Reason | None, at: datetime, facts: Facts
) -> None:
    """Cancel or expiry: what is still frozen goes back to the account."""
    quantity, pending = freeze.open_quantity, freeze.open_gross_margin
    margin, fee = freeze.release()
    _give_back(order, state, freeze, margin, fee, quantity, pending)
    order.apply(action)
    order.reason, order.ended_at = reason or "", facts.recorded_at
    step = OrderStep.EXPIRED if action == OrderAction.EXPIRE else OrderStep.CANCELED
    facts.event(order, state, step, at, reason=order.reason, released_margin=margin, released_fee=fee, quantity=quantity)
    facts.orders[order.id], facts.freezes[order.id] = order, freeze


def _capture(
    order: WorkingOrder, state: AccountState, freeze: FreezeState, quantity: Decimal, fill_id: int, at: datetime, facts: Facts
) -> tuple[Decimal, Decimal]:
    pending = freeze.open_gross_margin
    margin, fee = freeze.capture(quantity)
    _give_back(order, state, freeze, margin, fee, quantity, pending)
    facts.event(order, state, OrderStep.RELEASED, at, fill_id, captured_margin=margin, captured_fee=fee)
    return margin, fee


def _give_back(
    order: WorkingOrder, state: AccountState, freeze: FreezeState, margin: Decimal, fee: Decimal, quantity: Decimal, pending: Decimal
) -> None:
    # Of what the freeze held: amounts, its claim on the position, and what it would occupy by itself (`pending` before).
    state.frozen_margin -= margin
    state.frozen_fee -= fee
    state.reserve(order.instrument_id, order.position_side, -quantity, is_closing=order.is_closing)
    state.pend(freeze.margin_group, order.position_side, freeze.open_gross_margin - pending)


def _open_lot(
    order: WorkingOrder, state: AccountState, dealing: Dealing, quantity: Decimal, price: Decimal, day: date, fill_id: int, facts: Facts
) -> Decimal:
    # A new lot occupies margin at the fill's price, or what the instrument's basis says, in the group that the order's own rates name; returns the fee.
    side, margin = order.position_side, order.rates.margin(dealing.margin_price(price), quantity)
    lot = LotState(next(facts.lot_ids), state.id, order.instrument_id, side, quantity, quantity, price, price, margin, day, order.rates.margin_group)
    state.add_lot(lot)
    facts.lot_opened(lot, fill_id)
    facts.lot_changed(lot, state, LotChangeKind.OPEN, day, fill_id, quantity=quantity, margin=margin, price=price, pnl=ZERO)
    return money.cents_half_up(order.rates.opening_fee(price, quantity))


def _close_lots(
    order: WorkingOrder, state: AccountState, dealing: Dealing, quantity: Decimal, price: Decimal, day: date, fill_id: int, facts: Facts
) -> tuple[Decimal, Decimal]:
    # Lots are taken by the instrument's close order, and charged by its fee age; returns realised P&L (summed per lot) and the fee (rounded once).
    position = state.position_lots(order.instrument_id, order.position_side)
    todays = lots.taken_as_todays(position, quantity, dealing.fee_age, day)
    facts.charged_lots |= {lot.id: lot for lot in lots.charge(position, todays, day)}
    total = ZERO
    for lot, part in lots.taken(position, quantity, dealing.close_order, day):
        pnl, margin = lot.pnl(price, part, dealing.multiplier), lot.margin_share(part)
        lot.quantity -= part
        lot.margin -= margin
        facts.lot_changed(lot, state, LotChangeKind.CLOSE, day, fill_id, quantity=-part, margin=-margin, price=price, pnl=pnl)
        total += pnl
    state.part_with_closed_lots(day)
    return total, money.cents_half_up(order.rates.closing_fee(price, quantity - todays, todays))
