"""An order written by hand, action by action, as rows that SQL inserts: right as it is, and wrong wherever a test changes it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

from accounts.models import Account, HouseAccount
from orders.domain.steps import FILL_STEPS
from orders.enums import OrderAction, OrderStatus
from tests.factories.desk import MONDAY, Desk, funds
from tests.kernel.raw import Statement, insert, next_id

DAY = date(2026, 3, 2)
MARGIN, FEE, PRICE = Decimal("9500.00"), Decimal("5.00"), Decimal("1900.00")  # of one lot: 1900.00 × 100 × 5 %, and its fee
FUNDS = "UPDATE accounts_accountfunds SET frozen_margin = %s, frozen_fee = %s, margin = %s, version = %s WHERE account_id = %s"
MOVE = "UPDATE orders_order SET status = %s, ended_at = %s WHERE id = %s"
RELEASE = """
UPDATE accounts_freeze SET released_quantity = %s, released_margin = %s, released_fee = %s, status = 'RESOLVED', resolved_at = %s
WHERE order_id = %s"""
TABLES = {
    "order": "orders_order",
    "freeze": "accounts_freeze",
    "fill": "orders_fill",
    "lot": "accounts_lot",
    "change": "accounts_lotchange",
    "journal": "accounts_journal",
    "entries": "accounts_entry",
    "events": "orders_orderevent",
}
SHORTEST = {  # to a status, from PLACED; with REST and CANCEL for what goes no further
    OrderStatus.PLACED: (),
    OrderStatus.FROZEN: (OrderAction.FREEZE,),
    OrderStatus.WORKING: (OrderAction.FREEZE, OrderAction.REST),
    OrderStatus.PARTIALLY_FILLED: (OrderAction.FREEZE, OrderAction.FILL_PART),
    OrderStatus.FILLED: (OrderAction.FREEZE, OrderAction.FILL_REST),
    OrderStatus.CANCELED: (OrderAction.FREEZE, OrderAction.CANCEL),
    OrderStatus.EXPIRED: (OrderAction.FREEZE, OrderAction.REST, OrderAction.EXPIRE),
}


@dataclass
class Write:
    """Rows of one INSERT, or one other statement."""

    name: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    other: Statement = ("", ())

    @property
    def statement(self) -> Statement:
        return insert(TABLES[self.name], *self.rows) if self.rows else self.other


class RawOrder:
    """Buys `quantity` lots of an account with 100,000.00, at most at 1900.00, and is filled there. Each action appends its `writes`; `whole` ends with the
    events of all of them, in one INSERT.
    """

    def __init__(self, desk: Desk, account: Account, quantity: int = 3) -> None:
        self.desk, self.account, self.quantity = desk, account, Decimal(quantity)
        self.id, self.status = next_id("orders_order"), OrderStatus.PLACED
        self.before = funds(account)
        self.open, self.version, self.balance = self.quantity, self.before.version + 1, self.before.balance
        self.frozen, self.margin = self.quantity, Decimal(0)  # lots
        self.writes, self.events = [Write("order", [self._order()])], [self._event("PLACED")]

    @property
    def client_order_id(self) -> str:
        return f"raw {self.id}"

    @property
    def whole(self) -> list[Write]:
        return [*self.writes, Write("events", self.events)] if self.events else self.writes

    def apply(self, *actions: str) -> "RawOrder":
        """What an action writes, whether the table has it or not."""
        for action in actions:
            self._actions[OrderAction(action)]()
        return self

    def written(self) -> "RawOrder":
        """What there is up to here stays in the test's database; what follows is another transaction's."""
        with connection.cursor() as cursor:
            for write in self.whole:
                cursor.execute(*write.statement)
        self.writes, self.events, self.version = [], [], self.version + 1
        return self

    def deny(self) -> "RawOrder":
        self.status, self.writes[0].rows[0]["status"] = OrderStatus.DENIED, "DENIED"
        self.events = [self._event("DENIED")]
        return self

    def finish(self) -> "RawOrder":
        """Half way nothing can stay: an order that is PLACED or FROZEN goes on to rest."""
        if self.status == OrderStatus.PLACED:
            self.apply(OrderAction.FREEZE)
        return self.apply(OrderAction.REST) if self.status == OrderStatus.FROZEN else self

    @property
    def _actions(self) -> dict[OrderAction, Callable[[], None]]:
        return {
            OrderAction.FREEZE: self._freeze,
            OrderAction.REST: self._rest,
            OrderAction.FILL_PART: lambda: self._fill(Decimal(1)),
            OrderAction.FILL_REST: lambda: self._fill(self.open or Decimal(1)),
            OrderAction.CANCEL: lambda: self._end(OrderStatus.CANCELED),
            OrderAction.EXPIRE: lambda: self._end(OrderStatus.EXPIRED),
        }

    def _order(self) -> dict[str, Any]:
        common: dict[str, Any] = {
            "market_id": self.desk.market.pk,
            "instrument_id": self.desk.gold.pk,
            "side": "BUY",
            "effect": "OPEN",
            "quantity": self.quantity,
        }
        texts = dict.fromkeys(("reason", "request_id"), "") | dict.fromkeys(("detail", "terms"), "{}")
        zeros = dict.fromkeys(("filled_quantity", "filled_value", "realised_pnl", "fees", "checked_seq"), 0)
        row = {
            "id": self.id,
            "account_id": self.account.pk,
            "client_order_id": self.client_order_id,
            "fingerprint": "raw",
            **common,
            **texts,
            **zeros,
        }
        row |= {"type": "LIMIT", "time_in_force": "DAY", "limit_price": PRICE, "status": "PLACED", "taken_up": False, "trading_day": DAY}
        return {**row, "source": "raw", "market_time": MONDAY, "placed_at": MONDAY}

    def _event(self, step: str, fill_id: int | None = None, status: str | None = None) -> dict[str, Any]:
        row = {"id": next_id("orders_orderevent"), "order_id": self.id, "account_id": self.account.pk, "fill_id": fill_id, "step": step}
        row |= {"status": status or str(self.status), "data": "{}", "account_version": None if step == "DENIED" else self.version, "request_id": ""}
        return {**row, "market_time": MONDAY, "recorded_at": MONDAY}

    def _funds(self) -> None:
        held = self.before
        amounts = [held.frozen_margin + self.frozen * MARGIN, held.frozen_fee + self.frozen * FEE, held.margin + self.margin * MARGIN]
        self.writes.append(Write("funds", other=(FUNDS, [*amounts, self.version, self.account.pk])))

    def _freeze(self) -> None:
        row = {"account_id": self.account.pk, "instrument_id": self.desk.gold.pk, "order_id": self.id, "status": "OPEN", "side": "LONG"}
        row |= {"is_closing": False, "quantity": self.quantity, "margin": self.quantity * MARGIN, "fee": self.quantity * FEE, "created_at": MONDAY}
        row["gross_margin"] = row["margin"]
        self.writes.append(Write("freeze", [row]))
        self.status = OrderStatus.FROZEN
        self.events.append(self._event("FROZEN"))
        self._funds()

    def _rest(self) -> None:
        self.status = OrderStatus.WORKING
        self.writes.append(Write("rest", other=(MOVE, ["WORKING", None, self.id])))
        self.events.append(self._event("RESTED"))

    def _end(self, status: OrderStatus) -> None:
        self.status = status
        self.writes.append(Write("end", other=(MOVE, [str(self.status), MONDAY, self.id])))
        left = [self.open, self.open * MARGIN, self.open * FEE]
        self.writes.append(Write("release", other=(RELEASE, [*left, MONDAY, self.id])))
        self.frozen = Decimal(0)
        self._funds()
        self.events.append(self._event(str(self.status)))

    def _fill(self, quantity: Decimal) -> None:
        fill, lot, journal = next_id("orders_fill"), next_id("accounts_lot"), next_id("accounts_journal")
        self.events.append(self._event("MATCHED", fill))
        self.open, self.frozen, self.margin = self.open - quantity, self.frozen - quantity, self.margin + quantity
        self.status = OrderStatus.FILLED if self.open == 0 else OrderStatus.PARTIALLY_FILLED
        self.events += [self._event(step, fill) for step in FILL_STEPS[1:]]
        self.writes += [
            Write("fill", [self._fill_row(fill, quantity)]),
            Write("lot", [self._lot_row(lot, fill, quantity)]),
            Write("change", [self._change_row(lot, fill, quantity)]),
            *self._posting(journal, fill, quantity * FEE),
        ]
        self._funds()

    def _fill_row(self, fill: int, quantity: Decimal) -> dict[str, Any]:
        row = {"id": fill, "order_id": self.id, "account_id": self.account.pk, "market_id": self.desk.market.pk, "instrument_id": self.desk.gold.pk}
        row |= {"side": "BUY", "effect": "OPEN", "quantity": quantity, "price": PRICE, "fee": quantity * FEE, "realised_pnl": 0}
        row |= {"captured_margin": quantity * MARGIN, "captured_fee": quantity * FEE, "quote_seq": 1, "quote_bid": PRICE, "quote_ask": PRICE}
        return {**row, "quote_time": MONDAY, "quote_source": "raw", "account_version": self.version, "trading_day": DAY, "recorded_at": MONDAY}

    def _lot_row(self, lot: int, fill: int, quantity: Decimal) -> dict[str, Any]:
        row = {"id": lot, "account_id": self.account.pk, "instrument_id": self.desk.gold.pk, "side": "LONG", "opening_fill_id": fill}
        row |= {"opened_quantity": quantity, "quantity": quantity, "open_price": PRICE, "basis_price": PRICE, "margin": quantity * MARGIN}
        return {**row, "trading_day": DAY, "opened_at": MONDAY}

    def _change_row(self, lot: int, fill: int, quantity: Decimal) -> dict[str, Any]:
        row = {"lot_id": lot, "account_id": self.account.pk, "kind": "OPEN", "fill_id": fill, "quantity_change": quantity, "price": PRICE}
        row |= {"margin_change": quantity * MARGIN, "basis_price": PRICE, "pnl": 0, "account_version": self.version}
        return {**row, "trading_day": DAY, "recorded_at": MONDAY}

    def _posting(self, journal: int, fill: int, fee: Decimal) -> list[Write]:
        self.balance -= fee
        row = {"id": journal, "market_id": self.desk.market.pk, "kind": "FILL", "trading_day": DAY, "fill_id": fill, "reason": "", "request_id": ""}
        house = HouseAccount.objects.get(market=self.desk.market, currency=self.account.currency, purpose="FEES")
        client = {"line": 0, "account_id": self.account.pk, "house_account_id": None, "amount": -fee, "account_version": self.version}
        theirs = {"line": 1, "account_id": None, "house_account_id": house.pk, "amount": fee, "account_version": None, "balance_after": None}
        shared = {"journal_id": journal, "kind": "FEE", "currency": self.account.currency, "trading_day": DAY, "recorded_at": MONDAY}
        lines = [{**shared, **client, "balance_after": self.balance}, {**shared, **theirs}]
        return [Write("journal", [{**row, "market_time": MONDAY, "recorded_at": MONDAY}]), Write("entries", lines)]


def reached(desk: Desk, account: Account, status: str) -> RawOrder:
    """An order on the shortest way to a status, all of it in one transaction still to come."""
    order = RawOrder(desk, account)
    return order.deny() if status == OrderStatus.DENIED else order.apply(*SHORTEST[OrderStatus(status)])
