"""Programs that trade over REST, each in a thread: they keep every request and every answer, ask again what was not answered, and compare repeated answers.

An answer is final unless it is a 503, which says "try again". Anything else than the API promises is a fault, and ends up in `faults`.
"""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from random import Random
from typing import Any

LATER = {
    "WORKING": {"WORKING", "PARTIALLY_FILLED", "FILLED", "CANCELED", "EXPIRED"},
    "PARTIALLY_FILLED": {"PARTIALLY_FILLED", "FILLED", "CANCELED", "EXPIRED"},
}
RETRYABLE = {"DATABASE_UNAVAILABLE", "BUSY", "DATABASE_FULL"}
CSRF = "c" * 32
TIMEOUT_SECONDS = 30
Outcome = dict[str, Any]


@dataclass
class Ticket:
    """One order as a client knows it. `outcome` is its first answer; `is_unsure` says that a request was sent and not answered before that."""

    account: str
    body: dict[str, Any]
    outcome: Outcome | None = None
    is_unsure: bool = False
    was_placed_unanswered: bool = False

    @property
    def id(self) -> str:
        return str(self.body["client_order_id"])


@dataclass
class Request:
    """Something to be asked until it is answered: orders, one or many, or a cancel."""

    path: str
    body: Any
    tickets: list[Ticket]
    is_cancel: bool = False
    tries: int = 0


@dataclass
class Trader(threading.Thread):
    """Trades its accounts until it is told to stop."""

    port: int
    cookie: str
    accounts: list[str]
    symbol: str
    market: str
    seed: int
    pause_seconds: float = 0.01
    tickets: list[Ticket] = field(default_factory=list)
    canceled: set[int] = field(default_factory=set)
    unanswered: list[Request] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    interrupted: int = 0
    answered: int = 0
    away: int = 0

    def __post_init__(self) -> None:
        super().__init__(name=f"trader {self.seed}", daemon=True)
        self.random = Random(self.seed)
        self.price = 2000.0
        self.versions: dict[str, int] = {}
        self.stopping = threading.Event()
        self._connection: HTTPConnection | None = None
        self._number = 0
        self.asking_since: float | None = None  # monotonic

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        """One request after the other; first what was not answered."""
        while not self.stopping.is_set():
            if self.unanswered:
                self.ask_again()
            else:
                self.act()
            if self.pause_seconds:
                self.stopping.wait(self.random.random() * 2 * self.pause_seconds)

    def act(self) -> None:
        """Something a trader does."""
        actions: list[tuple[Callable[[], None], int]] = [
            (self.deal, 30),
            (self.rest, 30),
            (self.close, 15),
            (self.cancel, 10),
            (self.deal_in_many, 5),
            (self.repeat, 10),
            (self.look, 10),
        ]
        chosen = self.random.choices([action for action, _ in actions], [weight for _, weight in actions])[0]
        chosen()

    def deal(self) -> None:
        self.send([self.ticket()])

    def rest(self) -> None:
        self.send([self.ticket(limit=True)])

    def close(self) -> None:
        self.send([self.ticket(effect="CLOSE")])

    def deal_in_many(self) -> None:
        self.send([self.ticket(limit=self.random.random() < 0.5) for _ in range(self.random.randint(2, 6))])

    def cancel(self) -> None:
        working = [t for t in self.tickets[-200:] if t.outcome and t.outcome["status"] in LATER]
        if working:
            ticket = self.random.choice(working)
            assert ticket.outcome is not None
            self.ask(Request(f"orders/{ticket.outcome['order_id']}/cancel/", {}, [ticket], is_cancel=True))

    def repeat(self) -> None:
        """Sends again what was answered long ago."""
        if self.tickets:
            self.send([self.random.choice(self.tickets)], is_new=False)

    def look(self) -> None:
        """Reads the price, and an account's figures: its version never goes back, whatever was killed meanwhile."""
        status, body = self.exchange("GET", f"quotes/?market={self.market}")
        if status == 200 and body["quotes"]:
            self.price = float(body["quotes"][0]["bid"])
        number = self.random.choice(self.accounts)
        status, body = self.exchange("GET", f"accounts/{number}/")
        if status == 200:
            version = int(body["figures"]["version"])
            if version < self.versions.get(number, 0):
                self.faults.append(f"account {number} went back from version {self.versions[number]} to {version}")
            self.versions[number] = version

    def ticket(self, *, limit: bool = False, effect: str = "OPEN") -> Ticket:
        """A new order, with an id of its own."""
        self._number += 1
        side = self.random.choice(["BUY", "SELL"])
        body: dict[str, Any] = {
            "account": self.random.choice(self.accounts),
            "instrument": self.symbol,
            "side": side,
            "effect": effect,
            "quantity": str(self.random.randint(1, 3)),
            "client_order_id": f"t{self.seed}-{self._number}",
        }
        if limit:
            away = self.random.choice([0.0, 0.3, 1.0, 3.0, 30.0]) * (-1 if side == "BUY" else 1)
            body |= {"limit_price": f"{self.price + away:.2f}", "time_in_force": self.random.choice(["DAY", "GTC"])}
        return Ticket(body["account"], body)

    def send(self, tickets: list[Ticket], *, is_new: bool = True) -> None:
        """One order, or several as one request."""
        if is_new:
            self.tickets += tickets
        bodies = [ticket.body for ticket in tickets]
        self.ask(Request("orders/", bodies[0], tickets) if len(bodies) == 1 else Request("orders/batch/", bodies, tickets))

    def ask_again(self) -> None:
        """What was not answered, oldest first; one failure is enough for now."""
        request = self.unanswered.pop(0)
        self.ask(request)

    def ask(self, request: Request) -> None:
        """One try. What is not answered, or answered with "try again", is kept."""
        request.tries += 1
        status, body = self.exchange("POST", request.path, request.body)
        if status in {0, -1, 503}:
            for ticket in request.tickets if status == 0 and not request.is_cancel else ():
                ticket.is_unsure = ticket.is_unsure or ticket.outcome is None
            self.unanswered.insert(0, request)
            return
        self.answered += 1
        if request.is_cancel:
            self.take_cancel(request, status, body)
        elif request.path.endswith("batch/"):
            self.take_many(request, status, body)
        else:
            self.take_one(request.tickets[0], status, body)

    def take_cancel(self, request: Request, status: int, body: Any) -> None:
        outcome = request.tickets[0].outcome
        assert outcome is not None
        if status == 200 and body["status"] == "CANCELED":
            self.canceled.add(outcome["order_id"])
        elif status != 409:
            self.faults.append(f"cancel of {outcome['order_id']}: {status} {body}")

    def take_many(self, request: Request, status: int, body: Any) -> None:
        if status != 200:
            self.faults.append(f"batch: {status} {body}")
            return
        for ticket, answer in zip(request.tickets, body["outcomes"], strict=True):
            self.take(ticket, answer["order"])

    def take_one(self, ticket: Ticket, status: int, body: Any) -> None:
        if status in {200, 201}:
            self.take(ticket, body)
        elif status == 422 and body.get("order"):
            self.take(ticket, body["order"])
        else:
            self.faults.append(f"{ticket.id}: {status} {body}")

    def take(self, ticket: Ticket, outcome: Outcome) -> None:
        """The first answer is kept; later ones must follow from it."""
        if ticket.outcome is None:
            ticket.outcome, ticket.was_placed_unanswered = outcome, outcome["replayed"]
            if outcome["replayed"] and not ticket.is_unsure:
                self.faults.append(f"{ticket.id} was placed before it was sent: {outcome}")
        elif (fault := contradiction(ticket.outcome, outcome)) or not outcome["replayed"]:
            self.faults.append(f"{ticket.id} was answered twice: {fault or 'placed again'}: first {ticket.outcome}, then {outcome}")

    def exchange(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and body; (0, None) when it was sent and not answered, (-1, None) when it could not even be sent."""
        headers = {"Cookie": f"{self.cookie}; csrftoken={CSRF}", "X-CSRFToken": CSRF, "Content-Type": "application/json"}
        if self._connection is None:
            self._connection = HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)
        was_sent = False
        self.asking_since = time.monotonic()
        try:
            if self._connection.sock is None:
                self._connection.connect()
            was_sent = True
            self._connection.request(method, f"/api/v1/{path}", None if body is None else json.dumps(body), headers)
            response = self._connection.getresponse()
            return self.read(method, path, response.status, response.read())
        except (OSError, HTTPException):
            self._connection.close()
            self._connection = None
            self.interrupted += was_sent and method == "POST"
            return (0 if was_sent else -1), None
        finally:
            self.asking_since = None

    def read(self, method: str, path: str, status: int, raw: bytes) -> tuple[int, Any]:
        """The answer; whatever the API does not promise is a fault."""
        try:
            body = json.loads(raw)
        except ValueError:
            self.faults.append(f"{method} {path}: {status} {raw[:200]!r}")
            return status, {}
        if status == 503:
            self.away += 1
            if set(body) != {"code", "message", "extra"} or body["code"] not in RETRYABLE:
                self.faults.append(f"{method} {path}: 503 {body}")
        elif status >= 500 or (status >= 400 and not {"code", "message", "extra"} <= set(body)):
            self.faults.append(f"{method} {path}: {status} {body}")
        return status, body


def contradiction(first: Outcome, later: Outcome) -> str:
    """Why the later answer cannot be of the order that the first one told of; empty when it can."""
    if later["order_id"] != first["order_id"]:
        return "another order"
    if later["status"] not in LATER.get(first["status"], {first["status"]}):
        return f"{first['status']} became {later['status']}"
    same = ("filled_quantity", "average_price", "reason") if first["status"] not in LATER else ()
    changed = [name for name in same if later[name] != first[name]]
    if changed or float(later["filled_quantity"]) < float(first["filled_quantity"]):
        return f"changed: {changed or ['filled_quantity']}"
    return ""
