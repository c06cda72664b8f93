"""The six commands that touch an account, each with its share of one account over which they contend, and what they leave.

The account holds one lot, bought at 2000.50; one DAY order rests; a tick of 1990.00 / 1990.50 is recorded that no order has seen. Closing a lot of today
costs 2.00 and any other 5.00, so that whose day it is shows in the money.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import Any

from django.db.models import Sum

from accounts.enums import EntryKind
from accounts.exceptions import InsufficientFunds
from accounts.models import Account, AccountDay, Entry, Freeze, Lot
from accounts.reading import read_states
from accounts.services.cash import post_cash
from accounts.services.days import settle_accounts
from orders.enums import Effect, Side, TimeInForce
from orders.exceptions import EvaluationIncomplete
from orders.models import Fill, Order, OrderEvent
from orders.services import resting
from orders.services.cancellation import cancel_orders
from orders.services.placement import place_orders
from quotes.domain.ticks import Tick
from quotes.models import FeeSchedule
from quotes.selectors.streams import latest_tick
from quotes.services import settlement_prices
from settlement.services.run import settle as settle_day
from tests.factories.desk import MONDAY, Desk, funds, make_desk

PLACED = Decimal("9505.00")  # what placing one lot at 1900.00 takes: 9,500.00 and 5.00
NOTHING = Decimal(0)
_numbers = count(1)

Command = Callable[[], str]


@dataclass(frozen=True)
class Scene:
    """A market of its own with one account, its resting order and the tick that crosses it."""

    desk: Desk
    account: Account
    order_id: int
    tick: Tick

    @property
    def figures(self) -> tuple[Any, ...]:
        """Everything that was left, but for ids and the clock of the machine."""
        own = {"account": self.account}
        stands = funds(self.account)
        house = Entry.objects.filter(journal__market=self.desk.market, account=None).values("house_account__purpose")
        return (
            (stands.balance, stands.frozen_margin, stands.frozen_fee, stands.margin, stands.floating_loss, stands.version, stands.settled_through),
            _rows(Lot, "side", "quantity", "open_price", "basis_price", "margin", "trading_day", **own),
            _rows(Freeze, "status", "captured_quantity", "captured_margin", "captured_fee", "released_margin", "released_fee", **own),
            _rows(Order, "client_order_id", "status", "reason", "filled_quantity", "realised_pnl", "fees", "trading_day", **own),
            _rows(Fill, "side", "quantity", "price", "fee", "realised_pnl", "quote_seq", "account_version", "trading_day", **own),
            _rows(Entry, "kind", "amount", "account_version", "balance_after", "frozen_after", "margin_after", "trading_day", **own),
            _rows(OrderEvent, "step", "status", "account_version", "balance_after", "frozen_after", "margin_after", **own),
            _rows(AccountDay, "trading_day", "cash", "realised_pnl", "holding_pnl", "fees", "closing_balance", "frozen", "margin", "lots", **own),
            sorted(house.annotate(total=Sum("amount")).values_list("house_account__purpose", "total")),
        )

    def see_tick(self) -> None:
        """As the market process does it: what an evaluation had to leave out is made up for by the next."""
        with suppress(EvaluationIncomplete):
            resting.evaluate(self.desk.market.pk, self.desk.gold.pk, [self.tick], "test")


def _rows(model: Any, *fields: str, **own: Any) -> list[tuple[Any, ...]]:
    return list(model.objects.filter(**own).order_by("id").values_list(*fields))


def scene(available: Decimal, *, is_closing: bool = False, in_parts: bool = False) -> Scene:
    """The account with exactly this much available. `is_closing`: the resting order sells the lot, else it buys another; `in_parts`: it buys two, and the
    tick is good for one.
    """
    desk = make_desk(market_code=f"RACE{next(_numbers)}")
    FeeSchedule.objects.filter(instrument=desk.gold).update(close_today_per_lot=2)
    account = desk.account("100000")
    desk.buy(account, 1)
    rests = {"time_in_force": TimeInForce.DAY}
    resting_order = desk.close_long(account, 1, "2010.00", **rests) if is_closing else desk.buy(account, 2 if in_parts else 1, "1995.00", **rests)
    desk.quote("2000.00", "2000.50")  # taken up
    desk.cap(1 if in_parts else None)
    desk.quote("1990.00", "1990.50", evaluate=False)
    tick = latest_tick(desk.market.pk, desk.gold.pk)
    assert tick is not None
    assert resting_order.order_id is not None
    with desk.now():
        post_cash(account.pk, available - read_states([account.pk]).states[account.pk].available(), reason="All but what is fought over")
    return Scene(desk, account, resting_order.order_id, tick)


def place(scene: Scene) -> Command:
    """Opens one lot at a limit far away: it rests, and freezes PLACED."""
    request = scene.desk.request(scene.account, Side.BUY, 1, "1900.00")
    return lambda: _said(place_orders([request])[0])


def fill(scene: Scene) -> Command:
    """The tick meets the resting order: a lot at 1990.50 for what was frozen at 1995.00, and 27.50 less is available afterwards.

    9,975.00 + 5.00 come out of the freeze; 9,952.50 of margin, a fee of 5.00 and a floating loss of 50.00 take their place.
    """

    def see() -> str:
        scene.see_tick()
        return ""  # what it did stands in the books: an account that the other one holds is left for the next time

    return see


def cancel(scene: Scene) -> Command:
    """Takes the resting order back."""
    return lambda: _said(cancel_orders([scene.order_id])[0])


def close(scene: Scene, quantity: int = 1) -> Command:
    """Sells lots at the bid."""
    request = scene.desk.request(scene.account, Side.SELL, quantity, effect=Effect.CLOSE)
    return lambda: _said(place_orders([request])[0])


def close_both(scene: Scene) -> Command:
    """Sells two lots: the one that is held and the one that the resting order may open."""
    return close(scene, 2)


def cash(scene: Scene) -> Command:
    """Withdraws as much as placing would take."""

    def withdraw() -> str:
        try:
            post_cash(scene.account.pk, -PLACED, reason="Withdrawal")
        except InsufficientFunds as refusal:
            return refusal.reason_code
        return EntryKind.CASH

    return withdraw


def settle(scene: Scene) -> Command:
    """Settles Monday: the day's run, from prices to proof."""

    def run() -> str:
        done = settle_day(scene.desk.market.pk, MONDAY.date())
        proof = done.steps.get(name="PROOF").detail
        assert (proof["differences"], proof["unequal_accounts"]) == ([], []), proof
        return done.status

    return run


def settle_on_touch(scene: Scene) -> Command:
    """Settles Monday for this account alone, as whatever touches it on Tuesday does."""

    def touch() -> str:
        settlement_prices.fix(scene.desk.market.pk, MONDAY.date())
        settle_accounts([scene.account.pk])
        return "DONE"

    return touch


def _said(outcome: Any) -> str:
    return f"{outcome.status} {outcome.reason}".strip()
