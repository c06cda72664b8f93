"""What the trader typed, as text: read leniently, shown again exactly, judged only by `orders.services.intake`."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from orders.enums import Effect, OrderType, TimeInForce
from tradingdesk.kernel.errors import InvalidRequest

MAX_TEXT = 64  # characters of a field that are read and shown again; more than any honest number or id has
CLOSE_FIELDS = ("instrument", "side", "quantity", "client_order_id")
GROUPED = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d*)?", re.ASCII)  # as the page shows numbers: 2,394.5


@dataclass(frozen=True, slots=True)
class Ticket:
    """`client_order_id` is renewed after every answer, so a double click is one order and a lost answer can be asked for again."""

    instrument: str = ""
    side: str = ""
    effect: str = Effect.OPEN
    type: str = OrderType.MARKET
    quantity: str = "1"
    limit_price: str = ""
    time_in_force: str = TimeInForce.DAY
    client_order_id: str = ""

    @classmethod
    def read(cls, data: Mapping[str, str]) -> "Ticket":
        """The known fields of a form; the others are not ours to judge."""
        return cls(**{name: _text(data[name]) for name in cls.__slots__ if name in data})

    @classmethod
    def blank(cls, instrument: str) -> "Ticket":
        """An empty ticket: no side chosen, so that nothing is one keystroke away from being sent."""
        return cls(instrument=instrument, client_order_id=new_id())

    def renewed(self, *, keep: bool) -> "Ticket":
        """For the next order: what was typed stays after a refusal; after an acceptance the side is asked for again."""
        return replace(self, client_order_id=new_id(), side=self.side if keep else "", effect=self.effect if keep else Effect.OPEN)

    def order(self, account_number: str) -> dict[str, Any]:
        """As `order_request` wants it; a market order has neither limit price nor time in force. Raises InvalidRequest for a comma that groups nothing."""
        data: dict[str, Any] = {"account": account_number} | {name: getattr(self, name) for name in self.__slots__}
        data |= {name: plain(data[name], name) for name in ("quantity", "limit_price")}
        if self.type == OrderType.MARKET:
            del data["limit_price"], data["time_in_force"]
        return data


def plain(text: str, field: str) -> str:
    """A number without its thousands separators; raises InvalidRequest for a comma that does not separate thousands: it may be meant as a point."""
    text = text.strip()
    if GROUPED.fullmatch(text):
        return text.replace(",", "")
    if "," in text:
        name = field.replace("_", " ")
        sentence = f"The {name} {text} is not clear: write decimals with a point (1.5), and a comma only between thousands (2,394.5)."
        raise InvalidRequest(sentence, field=field, value=text)
    return text


def new_id() -> str:
    """A client order id nobody else has."""
    return f"ticket-{uuid.uuid4()}"


def closing_order(data: Mapping[str, str], account_number: str) -> dict[str, Any]:
    """A position's Close button: the other side, at market, closing."""
    shown = {name: _text(data.get(name, "")) for name in CLOSE_FIELDS}
    return {"account": account_number, "type": OrderType.MARKET, "effect": Effect.CLOSE} | shown


def _text(value: object) -> str:
    # A zero byte, which the database knows not, becomes the sign for what cannot be shown.
    return str(value)[:MAX_TEXT].replace("\x00", "\ufffd")
