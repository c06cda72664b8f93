"""What the parts of the trader's page show: each function gives one template its context, from selectors alone."""

from decimal import Decimal
from typing import Any

from django.db.models import F, Max, Sum

from accounts.domain.booking import booking_day
from accounts.models import Account, AccountFunds, Lot, RiskTier, User
from accounts.reading import read_states
from accounts.selectors import figures, ledger_entries, positions, tradable_by
from orders.domain.estimates import Asked
from orders.domain.estimates import estimate as estimated
from orders.domain.order import position_side
from orders.domain.placement import freeze_price
from orders.enums import Effect, OrderStatus, OrderType, Side, TimeInForce
from orders.models import Order
from orders.selectors import recent_fills, recent_orders, working_orders
from orders.tickets import Ticket, plain
from quotes.domain.dealing import Dealing
from quotes.enums import BarFrame
from quotes.models import Instrument
from quotes.selectors.calendars import calendar_of
from quotes.selectors.dealing import dealing_of
from tradingdesk.kernel import clock, money
from tradingdesk.kernel.errors import DeskError, InvalidRequest, NotFound

ROWS = 50  # of each list on the page; the history pages have the rest
VALID = ((TimeInForce.DAY, "This trading day"), (TimeInForce.GTC, "Until canceled"), (TimeInForce.IOC, "Now or never"))  # on the narrow ticket
Context = dict[str, Any]


def page(user: User, account: Account, symbol: str) -> Context:
    """Everything at once."""
    instruments = listed_instruments(account)
    instrument = next((i for i in instruments if i.symbol == symbol), instruments[0] if instruments else None)
    if symbol and (instrument is None or instrument.symbol != symbol):
        raise NotFound("This instrument is not listed in the account's market.", instrument=symbol[:64])
    context: Context = {
        "may_switch": tradable_by(user).exclude(pk=account.pk).exists(),
        "instruments": instruments,
        "instrument": instrument,
        "frames": BarFrame.values,
    }
    context |= live(user, account) | book(user, account)
    if instrument:
        context |= ticket(account, Ticket.blank(instrument.symbol))
        context |= {"config": _config(account, instrument, context["dealing"])}
    return context


def live(user: User, account: Account) -> Context:
    """Figures and positions. `anchor` changes with every order, so that a Close button pressed twice is one order and pressed anew is another."""
    now = figures(account.pk)
    anchor = Order.objects.filter(account=account).order_by("-id").values_list("id", flat=True).first() or 0
    opened = _opened_at(account)
    rows = [(position, opened.get((position.instrument_id, position.side))) for position in positions(account.pk)]
    shown: Context = {"figures": now, "level": level(account.tier, now.margin_level), "positions": rows, "anchor": anchor}
    return shown | {"account": account, "may_trade": may_trade(user, account)}


def book(user: User, account: Account) -> Context:
    """Working orders, recent orders, fills, ledger rows. `version` is read before them: what is shown is never older than it says."""
    return {
        "account": account,
        "version": AccountFunds.objects.values_list("version", flat=True).get(account=account),
        "may_trade": may_trade(user, account),
        "working": working_orders(account.pk),
        "orders": recent_orders(account.pk, ROWS),
        "fills": recent_fills(account.pk, ROWS),
        "entries": ledger_entries(account.pk, ROWS),
    }


def ticket(account: Account, shown: Ticket, result: Context | None = None) -> Context:
    """The ticket as it stands, the quote it would deal at, and what came of the last one."""
    instrument = Instrument.objects.filter(symbol=shown.instrument, listings__market=account.market_id).first()
    found = dealing_of(account.market_id, instrument.pk) if instrument else None
    return {
        "account": account,
        "ticket": shown,
        "instrument": instrument,
        "dealing": found,
        "quote": found and found.quote,
        "is_capped": found and found.lots_per_quote is not None,
        "result": result,
        "times_in_force": VALID,
    }


def estimate(account: Account, shown: Ticket) -> Context:
    """Margin and fee of the ticket, and what becomes of it when one quote does not give all of it; without `estimate` where it cannot be read yet."""
    try:
        return {"account": account, "estimate": None, **_estimate(account, shown)}
    except (InvalidRequest, ArithmeticError):  # ArithmeticError: more digits than any honest amount has
        return {"account": account, "estimate": None}


def _estimate(account: Account, shown: Ticket) -> Context:
    instrument = Instrument.objects.filter(symbol=shown.instrument, listings__market=account.market_id).first()
    quantity = money.parse(plain(shown.quantity, "quantity"), "quantity")
    if instrument is None or quantity <= 0:
        return {}
    read = read_states([account.pk], [instrument.pk])
    state, dealing = read.states[account.pk], read.dealings[account.market_id, instrument.pk]
    limit = money.parse(plain(shown.limit_price, "limit_price"), "limit_price") if shown.type == OrderType.LIMIT else None
    is_buy, is_closing = shown.side != Side.SELL, shown.effect == Effect.CLOSE
    price = freeze_price(limit, dealing.quote, is_buy=is_buy)
    if dealing.quote is None or price is None:
        return {}
    day = booking_day(calendar_of(state.calendar_id or dealing.calendar_id), state, dealing.quote.time)
    asked = Asked(position_side(is_buy=is_buy, is_closing=is_closing), is_closing, price, quantity, day)
    found = estimated(asked, state, dealing, dealing.rates_on(day, state.margin_factor))
    waits = shown.type == OrderType.LIMIT and shown.time_in_force != TimeInForce.IOC
    parts = {"is_capped": dealing.lots_per_quote is not None, "asked": quantity, "rest": "waits" if waits else "is canceled"}
    return {"estimate": found, "left": state.available() - found.required, **parts}


def may_trade(user: User, account: Account) -> bool:
    """Whether this user may place orders for the account, or only watch it."""
    return tradable_by(user).filter(pk=account.pk).exists()


def listed_instruments(account: Account) -> list[Instrument]:
    """What the account may trade."""
    return list(Instrument.objects.filter(listings__market=account.market_id, listings__is_active=True, is_active=True))


def result_of(outcome: Context, shown: Ticket) -> Context:
    """What to tell the trader about one outcome: done, or refused with code and numbers."""
    result: Context = {"kind": "done", "code": outcome["reason"] or "", "message": outcome["message"], "extra": outcome["detail"]}
    asked = f"{'Buy' if shown.side == Side.BUY else 'Sell'} {outcome['quantity']} {shown.instrument}"
    match outcome["status"]:
        case OrderStatus.FILLED:
            result |= {"message": _dealt(outcome, shown), "extra": {}}
        case OrderStatus.PARTIALLY_FILLED:
            result |= {"message": f"{_dealt(outcome, shown)}; the rest is working at {shown.limit_price}", "extra": {}}
        case OrderStatus.CANCELED if outcome["filled_quantity"] != "0":
            result |= {"message": f"{_dealt(outcome, shown)}; this quote gave no more, the rest is canceled", "extra": {}}
        case OrderStatus.WORKING:
            result |= {"message": f"Working: {asked[0].lower()}{asked[1:]} at {shown.limit_price}", "extra": {}}
        case _:
            result |= {"kind": "refused", "message": outcome["message"] or asked}
    return result


def _dealt(outcome: Context, shown: Ticket) -> str:
    verb, filled, asked = "Bought" if shown.side == Side.BUY else "Sold", outcome["filled_quantity"], outcome["quantity"]
    lots = filled if filled == asked else f"{filled} of {asked}"
    return f"{verb} {lots} {shown.instrument} at {Decimal(outcome['average_price']):,}"


def refusal(error: DeskError) -> Context:
    """An expected refusal that left no order."""
    return {"kind": "refused", **error.as_dict()}


def cancellation(outcome: Context) -> Context:
    """Canceled, or why not any more."""
    if outcome["status"] == OrderStatus.CANCELED:
        return {
            "kind": "done",
            "code": "",
            "message": f"Canceled; {outcome['filled_quantity']} of {outcome['quantity']} had been filled",
            "extra": {},
        }
    message = outcome["message"] or f"The order is {outcome['status'].lower()} already."
    return {"kind": "refused", "code": outcome["reason"] or outcome["status"], "message": message, "extra": outcome["detail"]}


def _opened_at(account: Account) -> dict[tuple[int, str], Decimal]:
    """Average opening prices of the positions that a settlement has given another basis, by instrument and side."""
    lots = Lot.objects.filter(account=account, quantity__gt=0).order_by().values_list("instrument_id", "side")
    rows = lots.annotate(value=Sum(F("open_price") * F("quantity")), lots=Sum("quantity"), marked=Max("marked_through"))
    return {(instrument, side): value / quantity for instrument, side, value, quantity, marked in rows if marked}


def level(tier: RiskTier, margin_level: Decimal | None) -> Context:
    """The margin level as a bar that is full where liquidation begins, with marks where watching and warning begin; in per cent."""
    if margin_level is None:
        return {"fill": 0, "state": "none"}
    fill = 100 if margin_level <= tier.liquidation_level else int(tier.liquidation_level * 100 / margin_level)
    state = "call" if margin_level < tier.warning_level else "watch" if margin_level < tier.watch_level else "calm"
    marks = [int(tier.liquidation_level * 100 / at) for at in (tier.watch_level, tier.warning_level) if at]
    return {"fill": fill, "state": state, "marks": marks, "liquidation": tier.liquidation_level}


def _config(account: Account, instrument: Instrument, dealing: Dealing | None) -> Context:
    """What the page's scripts need to know."""
    quote = dealing.quote if dealing else None
    return {
        "socket": f"/ws/market/{account.market.code}/?account={account.number}",
        "quotes": f"/api/v1/quotes/?market={account.market.code}",
        "bars": f"/api/v1/bars/?market={account.market.code}&instrument={instrument.symbol}",
        "account": account.pk,
        "instrument": instrument.symbol,
        "decimals": instrument.price_decimals,
        "tick": money.text(instrument.tick_size),
        "step": money.text(instrument.quantity_step),
        "stale_seconds": dealing.max_quote_age_seconds if dealing else 10,
        "quote_age_seconds": (clock.now() - quote.received_at).total_seconds() if quote else None,
    }
