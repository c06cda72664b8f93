"""Reads an order from outside, the same way for the page and the API: types, words and digits here, business rules in the checks."""

import re
import uuid
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Any, TypeVar

from accounts.models import User
from accounts.selectors import account_for, tradable_by
from orders.domain.order import OrderRequest
from orders.enums import Effect, OrderType, Side, TimeInForce
from quotes.models import Instrument
from tradingdesk.kernel import money
from tradingdesk.kernel.errors import InvalidRequest, NotFound, NotPermitted

FIELDS = frozenset({"account", "instrument", "side", "quantity", "type", "limit_price", "time_in_force", "effect", "client_order_id"})
REQUIRED = ("account", "instrument", "side", "quantity")
CLIENT_ORDER_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
PRICE_PLACES, QUANTITY_PLACES = 6, 4  # of the columns
PRICE_DIGITS, QUANTITY_DIGITS = 14, 16  # before the point
Word = TypeVar("Word", bound=Enum)


def order_request(user: User, data: Any, *, source: str, request_id: str) -> OrderRequest:
    """An OrderRequest out of {account, instrument, side, quantity, type, limit_price, time_in_force, effect, client_order_id}.

    Raises InvalidRequest (not an object, unknown or missing field, wrong word, not a number, too many digits, contradiction), NotFound (account or
    instrument), NotPermitted (an account the user may see but not trade), in this order. Defaults: MARKET without a limit price, else LIMIT; DAY for limits;
    effect AUTO, which opens; a client order id of our own.
    """
    fields = _fields(data)
    limit_price = _number(fields, "limit_price", PRICE_DIGITS, PRICE_PLACES) if _given(fields, "limit_price") else None
    order_type = _word(fields, "type", OrderType, OrderType.MARKET if limit_price is None else OrderType.LIMIT)
    time_in_force = _word(fields, "time_in_force", TimeInForce, TimeInForce.IOC if order_type == OrderType.MARKET else TimeInForce.DAY)
    _consistent(order_type, limit_price, time_in_force)
    side, effect = _word(fields, "side", Side, None), _word(fields, "effect", Effect, Effect.AUTO)
    quantity = _number(fields, "quantity", QUANTITY_DIGITS, QUANTITY_PLACES)
    client_order_id = _client_order_id(fields)
    return OrderRequest(
        account_id=_account_id(user, _text(fields, "account")),
        instrument_id=_instrument_id(_text(fields, "instrument")),
        side=side,
        quantity=quantity,
        type=order_type,
        client_order_id=client_order_id,
        time_in_force=time_in_force,
        limit_price=limit_price,
        effect=Effect.OPEN if effect == Effect.AUTO else effect,
        actor_id=user.pk,
        source=source,
        request_id=request_id,
    )


def _fields(data: Any) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise InvalidRequest("An order is an object with named fields.", type=type(data).__name__)
    unknown = sorted(str(key)[:64] for key in set(data) - FIELDS)
    if unknown:
        raise InvalidRequest(f"Unknown field {unknown[0]}.", unknown=unknown[:20], known=sorted(FIELDS))
    missing = [name for name in REQUIRED if not _given(data, name)]
    if missing:
        raise InvalidRequest(f"{missing[0]} is missing.", missing=missing)
    return data


def _given(fields: Mapping[str, Any], name: str) -> bool:
    value = fields.get(name)
    return value is not None and value != ""


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields[name]
    if not isinstance(value, str) or len(value) > 64 or not value.strip().isprintable():  # a zero byte or half a character is no name of anything
        raise InvalidRequest(f"{name} must be a short text.", field=name, value=str(value)[:64])
    return value.strip()


def _word(fields: Mapping[str, Any], name: str, words: type[Word], default: Word | None) -> Word:
    if default is not None and not _given(fields, name):
        return default
    text = _text(fields, name).upper()
    try:
        return words(text)
    except ValueError:
        raise InvalidRequest(f"{name} must be one of the allowed words.", field=name, value=text, allowed=[w.value for w in words]) from None


def _number(fields: Mapping[str, Any], name: str, digits: int, places: int) -> Decimal:
    number = money.parse(fields[name], name)
    if number != round(number, places) or abs(number) >= Decimal(10) ** digits:
        raise InvalidRequest(
            f"{name} may have {digits} digits before and {places} after the point.", field=name, value=str(number), digits=digits, places=places
        )
    return number


def _consistent(order_type: OrderType, limit_price: Decimal | None, time_in_force: TimeInForce) -> None:
    if order_type == OrderType.LIMIT and limit_price is None:
        raise InvalidRequest("A limit order needs a limit price.", field="limit_price")
    if order_type == OrderType.MARKET and limit_price is not None:
        raise InvalidRequest("A market order takes no limit price.", field="limit_price", value=money.text(limit_price))
    if order_type == OrderType.MARKET and time_in_force != TimeInForce.IOC:
        raise InvalidRequest("A market order is IOC.", field="time_in_force", value=time_in_force, allowed=["IOC"])


def _client_order_id(fields: Mapping[str, Any]) -> str:
    if not _given(fields, "client_order_id"):
        return uuid.uuid4().hex
    text = _text(fields, "client_order_id")
    if not CLIENT_ORDER_ID.fullmatch(text):
        raise InvalidRequest("client_order_id may have letters, digits and . _ : -, 64 at most.", field="client_order_id", value=text[:64])
    return text


def _account_id(user: User, number: str) -> int:
    account = tradable_by(user).filter(number=number).values_list("pk", flat=True).first()
    if account is not None:
        return account
    account_for(user, number)
    raise NotPermitted(f"You may see account {number}, not trade it.", account=number)


def _instrument_id(symbol: str) -> int:
    instrument = Instrument.objects.filter(symbol=symbol).values_list("pk", flat=True).first()
    if instrument is None:
        raise NotFound(f"There is no instrument {symbol[:32]}.", instrument=symbol[:32])
    return instrument
