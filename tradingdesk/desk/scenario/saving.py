"""An account's trading day as a scenario file: run again, it gives the same fills, fees and figures, or shows where they differ.

Everything comes from rows: what the account held when the day began, each order, cancel, deal and cash movement in the order of the log, the ticks they met
and no others, and the settlement prices. What the account had then is what the file expects.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import yaml

from accounts.models import Account, AccountDay, AccountFunds, Entry
from accounts.selectors import trading_days
from orders.enums import OrderStep, Reason
from orders.models import Fill, Order, OrderEvent
from quotes.models import Listing, SettlementPrice, Tick
from tradingdesk.desk.scenario import saved_terms
from tradingdesk.desk.scenario.steps import DEAL_ID
from tradingdesk.kernel import money, sql
from tradingdesk.kernel.errors import Conflict, NotFound

DESK = "desk"  # the source of orders and quotes of deals that were agreed outside the market
BY_HAND = (Reason.BY_CLIENT, Reason.BY_DESK)
HELD = """
SELECT l.instrument_id, l.side, sum(c.quantity_change) AS quantity, l.open_price
FROM accounts_lot l JOIN accounts_lotchange c ON c.lot_id = l.id
WHERE l.account_id = %s AND c.account_version <= %s GROUP BY l.id HAVING sum(c.quantity_change) > 0 ORDER BY l.id"""
BEGUN = """
SELECT o.id, o.quantity - coalesce((SELECT sum(f.quantity) FROM orders_fill f WHERE f.order_id = o.id AND f.account_version <= %(since)s), 0)
FROM orders_order o
WHERE o.account_id = %(account)s AND o.status <> 'DENIED'
    AND (SELECT e.account_version FROM orders_orderevent e WHERE e.order_id = o.id AND e.step = 'PLACED' AND e.fill_id IS NULL) <= %(since)s
    AND NOT EXISTS (SELECT FROM orders_orderevent e WHERE e.order_id = o.id AND e.account_version <= %(since)s
        AND (e.step IN ('CANCELED', 'EXPIRED') OR e.step = 'FILLED' AND e.status = 'FILLED'))
ORDER BY o.id"""

Step = dict[str, Any]


@dataclass(frozen=True)
class Stretch:
    """The account's versions of one trading day: after `since`, up to `until`; settled or not yet."""

    account: Account
    day: date
    since: int
    until: int
    opening_balance: Decimal
    settled: AccountDay | None


def scenario_yaml(account: Account, day: date) -> str:
    """The file's text. Raises what `day_scenario` raises."""
    return yaml.safe_dump(day_scenario(account, day), sort_keys=False, allow_unicode=True, width=150)


def day_scenario(account: Account, day: date) -> dict[str, Any]:
    """The document of one trading day.

    Raises NotFound (a day the account has not had) and Conflict (it began in debt: the day that made the debt is the one to save; or its instruments' terms
    differ so that no scenario can hold them).
    """
    stretch = _stretch(account, day)
    if stretch.opening_balance < 0:
        raise Conflict(
            f"Account {account.number} began {day} in debt, and a scenario begins with money: save the day that made the debt.", day=str(day)
        )
    held = sql.fetch_all(HELD, [account.pk, stretch.since])
    events = _events(stretch)
    carried = dict(sql.fetch_all(BEGUN, {"account": account.pk, "since": stretch.since}))
    orders = {o.pk: o for o in Order.objects.filter(pk__in={e.order_id for e in events} | set(carried)).select_related("instrument")}
    used = {row[0] for row in held} | {order.instrument_id for order in orders.values()} or {_first_listed(account)}
    terms = saved_terms.terms_of(account, day, used)
    writer = _Writer(stretch, orders)
    writer.carry(carried)
    writer.walk(events)
    return {
        "name": f"Account {account.number} on {day}",
        "currency": account.currency,
        "start": str(day),
        "rules": terms.rules,
        "instruments": terms.instruments,
        "accounts": [_account(stretch, held, terms.symbols)],
        "steps": [*writer.steps, *_settlement(stretch, terms.symbols), {"expect": _expected(stretch, writer)}],
    }


def _stretch(account: Account, day: date) -> Stretch:
    rows = AccountDay.objects.filter(account=account)
    before = rows.filter(trading_day__lt=day).order_by("-trading_day").first()
    settled = rows.filter(trading_day=day).first()
    if day not in trading_days(account):
        raise NotFound(f"Account {account.number} had no trading day {day}.", account=account.number, day=str(day))
    until = settled.account_version if settled else AccountFunds.objects.get(account=account).version
    return Stretch(account, day, before.account_version if before else 0, until, before.closing_balance if before else Decimal(0), settled)


def _first_listed(account: Account) -> int:
    # A scenario has an instrument, though nobody traded it.
    return Listing.objects.filter(market=account.market).order_by("pk").values_list("instrument_id", flat=True)[0]


def _events(stretch: Stretch) -> list[OrderEvent]:
    # Of the day's versions; denied orders have none, and are those of the day by their order.
    mine = OrderEvent.objects.filter(account=stretch.account)
    of_versions = mine.filter(account_version__gt=stretch.since, account_version__lte=stretch.until)
    denied = mine.filter(step=OrderStep.DENIED, order__trading_day=stretch.day)
    return sorted((of_versions | denied).select_related("fill"), key=lambda event: (event.recorded_at, event.pk))


class _Writer:
    """Turns the log into steps: a quote before each order and fill that met another one than the last."""

    def __init__(self, stretch: Stretch, orders: dict[int, Order]) -> None:
        self.steps: list[Step] = []
        self.orders: dict[str, Any] = {}
        self.fills: list[Step] = []
        self._stretch, self._rows = stretch, orders
        self._quoted: dict[int, int] = {}
        self._names = {pk: order.client_order_id for pk, order in orders.items()}
        self._cash = list(
            Entry.objects.filter(
                account=stretch.account, kind="CASH", account_version__gt=stretch.since, account_version__lte=stretch.until
            ).order_by("id")
        )

    def carry(self, leaves: dict[int, Decimal]) -> None:
        """Orders that rested when the day began, at the quote it began with."""
        for order_id, quantity in leaves.items():
            order = self._rows[order_id]
            last = self._ticks(order).filter(trading_day__lt=self._stretch.day).order_by("-trading_day", "-seq").first()
            self._quote(order, last)
            self._order(order, quantity)

    def walk(self, events: Iterable[OrderEvent]) -> None:
        """The day, event by event, with the cash that came between."""
        for event in events:
            self._pay_until(event)
            order = self._rows[event.order_id]
            if event.step in (OrderStep.PLACED, OrderStep.DENIED):
                self._begin(order, event)
            elif event.step == OrderStep.MATCHED and event.fill is not None:
                self._fill(order, event.fill)
            elif event.step == OrderStep.CANCELED and event.data.get("reason") in BY_HAND:
                self.steps.append({"cancel": {"id": order.client_order_id}})
            reason = event.data.get("reason")
            self.orders[self._names[order.pk]] = {"status": event.status} | ({"reason": reason} if reason else {})
        self._pay_until(None)

    def _pay_until(self, event: OrderEvent | None) -> None:
        while self._cash and (event is None or self._cash[0].recorded_at <= event.recorded_at):
            entry = self._cash.pop(0)
            self.steps.append({"cash": {"account": self._stretch.account.number, "amount": money.text(entry.amount)}})

    def _begin(self, order: Order, event: OrderEvent) -> None:
        fill = Fill.objects.filter(order=order).order_by("pk").first()
        if order.source == DESK and (fill is None or fill.quote_source == DESK):
            self._names[order.pk] = DEAL_ID.format(len(self.steps))
            self.steps.append({"trade": self._deal(order, fill)})
            return
        seq = int(event.data.get("quote_seq") or order.checked_seq)
        self._quote(order, self._ticks(order).filter(trading_day=order.trading_day, seq=seq).first() or self._ticks(order).filter(seq=seq).first())
        self._order(order, order.quantity)

    def _fill(self, order: Order, fill: Fill) -> None:
        if fill.quote_source != DESK and self._quoted.get(order.instrument_id) != fill.quote_seq:
            tick = self._ticks(order).filter(seq=fill.quote_seq).first()
            self._say(order, fill.quote_seq, fill.quote_bid, fill.quote_ask, tick.last if tick else None)
        self.fills.append({"qty": money.text(fill.quantity), "price": money.text(fill.price), "fee": money.text(fill.fee)})

    def _order(self, order: Order, quantity: Decimal) -> None:
        step: Step = {"id": order.client_order_id, "account": self._stretch.account.number, "symbol": order.instrument.symbol}
        step |= {"side": order.side.lower(), "effect": order.effect.lower(), "type": order.type.lower(), "qty": money.text(quantity)}
        if order.limit_price is not None:
            step |= {"price": money.text(order.limit_price), "tif": order.time_in_force}
        self.steps.append({"order": step})

    def _deal(self, order: Order, fill: Fill | None) -> Step:
        step: Step = {"account": self._stretch.account.number, "symbol": order.instrument.symbol, "side": order.side.lower()}
        step |= {"effect": order.effect.lower(), "qty": money.text(order.quantity), "price": money.text(order.limit_price)}
        return step | ({"fee": money.text(fill.fee)} if fill else {})

    def _ticks(self, order: Order) -> Any:
        return Tick.objects.filter(market_id=order.market_id, instrument_id=order.instrument_id, flag=0)

    def _quote(self, order: Order, tick: Tick | None) -> None:
        if tick is not None and self._quoted.get(order.instrument_id) != tick.seq:
            self._say(order, tick.seq, tick.bid, tick.ask, tick.last)

    def _say(self, order: Order, seq: int, bid: Decimal, ask: Decimal, last: Decimal | None) -> None:
        self._quoted[order.instrument_id] = seq
        quote = {"symbol": order.instrument.symbol, "bid": money.text(bid), "ask": money.text(ask)}
        self.steps.append({"quote": quote | ({"last": money.text(last)} if last is not None else {})})


def _account(stretch: Stretch, held: Iterable[tuple[Any, ...]], symbols: dict[int, str]) -> dict[str, Any]:
    positions = [
        {"symbol": symbols[instrument_id], "side": side.lower(), "qty": money.text(quantity), "open_price": money.text(open_price)}
        for instrument_id, side, quantity, open_price in held
    ]
    return {"id": stretch.account.number, "balance": money.text(stretch.opening_balance), "positions": positions}


def _settlement(stretch: Stretch, symbols: dict[int, str]) -> list[Step]:
    if stretch.settled is None:
        return []
    rows = SettlementPrice.objects.filter(
        market_id=stretch.account.market_id, trading_day=stretch.day, instrument_id__in=symbols, price__isnull=False
    )
    return [{"settle": {"prices": {symbols[row.instrument_id]: money.text(row.price) for row in rows}}}]


def _expected(stretch: Stretch, writer: _Writer) -> dict[str, Any]:
    expected: dict[str, Any] = {"orders": writer.orders, "fills": writer.fills}
    number, settled = stretch.account.number, stretch.settled
    if settled is None:
        funds = AccountFunds.objects.get(account=stretch.account)
        return expected | {"accounts": {number: {name: money.text(getattr(funds, name)) for name in ("balance", "frozen", "margin")}}}
    names = ("opening_balance", "realised_pnl", "holding_pnl", "fees", "margin", "closing_balance")
    return expected | {"settlements": [{"accounts": {number: {name: money.text(getattr(settled, name)) for name in names}}}]}
