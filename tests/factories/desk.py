"""One market with gold, a clock that the test holds, quotes on demand, funded accounts, orders in one line."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.contrib.auth.models import Group

from accounts.enums import Role
from accounts.models import Account, AccountFunds, RiskTier, User
from accounts.services.cash import post_cash
from accounts.services.opening import open_account
from orders.domain.order import OrderRequest, Outcome
from orders.enums import Effect, OrderType, Side, TimeInForce
from orders.models import Order
from orders.services import resting
from orders.services.placement import place_orders
from quotes.domain.ticks import Tick
from quotes.models import FeeSchedule, Instrument, Listing, MarginSchedule, Market, SessionCalendar, SessionWindow
from quotes.selectors import calendars
from quotes.services import ticks as tick_service
from tradingdesk.kernel import clock

MONDAY = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
_numbers = count(1)


@dataclass
class Desk:
    """Multiplier 100, margin 5 %, fee 5.00 per lot opening and closing, whole lots, tick 0.01. Round the clock, days begin at midnight UTC."""

    market: Market
    gold: Instrument
    calendar: SessionCalendar
    tier: RiskTier
    trader: User
    at: datetime = MONDAY
    seq: int = 0
    _ids: Iterator[int] = field(default_factory=lambda: count(1))

    def quote(
        self,
        bid: str,
        ask: str,
        *,
        evaluate: bool = True,
        seconds: float = 1,
        last: str | None = None,
        size: str | None = None,
        instrument: Instrument | None = None,
    ) -> int:
        """The next tick, of gold unless another instrument is named; resting orders see it. How many of them were filled."""
        self.at += timedelta(seconds=seconds)
        instrument_id = (instrument or self.gold).pk
        tick = Tick(0, self.at, Decimal(bid), Decimal(ask), Decimal(last) if last else None, Decimal(size) if size else None)
        with clock.fixed(self.at):
            recorded = tick_service.record(self.market.pk, instrument_id, [tick], "test")
            if not evaluate:
                return 0
            return resting.evaluate(self.market.pk, instrument_id, recorded.clean, "test")

    def list_another(self, symbol: str, **fields: Any) -> Instrument:
        """One more instrument of the market, gold's terms and schedules but for these fields."""
        terms = {"name": symbol, "multiplier": self.gold.multiplier, "tick_size": self.gold.tick_size, "currency": self.gold.currency}
        other = Instrument.objects.create(**{"symbol": symbol, **terms, **fields})
        for schedule in (*FeeSchedule.objects.filter(instrument=self.gold), *MarginSchedule.objects.filter(instrument=self.gold)):
            schedule.pk, schedule.instrument = None, other
            schedule.save()
        Listing.objects.create(market=self.market, instrument=other, calendar=self.calendar)
        return other

    def cap(self, lots: str | int | None) -> None:
        """From now on each order gets at most so many lots of one quote; None: any number."""
        Listing.objects.filter(market=self.market, instrument=self.gold).update(quote_quantity=lots)

    def account(self, cash: str = "100000", *, owner: User | None = None, **fields: Any) -> Account:
        """A funded account."""
        number = f"T-{next(_numbers)}"
        with clock.fixed(self.at):
            account = open_account(
                number=number, name=number, owner=owner or self.trader, market=self.market, tier=fields.pop("tier", self.tier), **fields
            )
            if Decimal(cash):
                post_cash(account.pk, Decimal(cash), reason="Opening deposit")
        return account

    def request(self, account: Account, side: Side, quantity: str | int = 1, limit: str | None = None, **fields: Any) -> OrderRequest:
        """A market order, or a limit order where a limit is named."""
        values: dict[str, Any] = {
            "account_id": account.pk,
            "instrument_id": self.gold.pk,
            "side": side,
            "quantity": Decimal(quantity),
            "type": OrderType.LIMIT if limit else OrderType.MARKET,
            "limit_price": Decimal(limit) if limit else None,
            "time_in_force": TimeInForce.GTC if limit else TimeInForce.IOC,
            "client_order_id": f"c{next(self._ids)}",
            "actor_id": self.trader.pk,
        }
        return OrderRequest(**{**values, **fields})

    def place(self, requests: Sequence[OrderRequest], *, some_are_guilty: bool = False) -> list[Outcome]:
        """At the desk's time. Fails the test when an order cannot be written down, unless that is what it is about."""
        with clock.fixed(self.at):
            outcomes = place_orders(requests)
        assert some_are_guilty or all(outcome.is_recorded for outcome in outcomes), outcomes
        return outcomes

    def buy(self, account: Account, quantity: str | int = 1, limit: str | None = None, **fields: Any) -> Outcome:
        return self.place([self.request(account, Side.BUY, quantity, limit, **fields)])[0]

    def sell(self, account: Account, quantity: str | int = 1, limit: str | None = None, **fields: Any) -> Outcome:
        return self.place([self.request(account, Side.SELL, quantity, limit, **fields)])[0]

    def close_long(self, account: Account, quantity: str | int = 1, limit: str | None = None, **fields: Any) -> Outcome:
        return self.sell(account, quantity, limit, effect=Effect.CLOSE, **fields)

    @contextmanager
    def now(self) -> Iterator[None]:
        """Services called inside see the desk's time."""
        with clock.fixed(self.at):
            yield


def funds(account: Account) -> AccountFunds:
    """The stored amounts."""
    return AccountFunds.objects.get(account=account)


def order(outcome: Outcome) -> Order:
    """The stored order."""
    return Order.objects.get(pk=outcome.order_id)


def make_desk(*, market_code: str = "TEST", **instrument: Any) -> Desk:
    """The desk, quoting 2000.00 / 2000.50 since a second before Monday noon."""
    calendars.forget()
    market = Market.objects.create(code=market_code, name="Test market", kind="DEMO", settles_automatically=False)
    calendar = SessionCalendar.objects.create(code=f"ALWAYS-{market_code}", name="Round the clock", timezone="UTC", trading_weekdays="1234567")
    SessionWindow.objects.bulk_create(SessionWindow(calendar=calendar, weekday=d, opens_at=time(0), closes_at=time(0)) for d in range(1, 8))
    gold = Instrument.objects.create(
        **{"symbol": f"GOLD-{market_code}", "name": "Gold", "multiplier": 100, "tick_size": Decimal("0.01"), "max_order_quantity": 50, **instrument}
    )
    FeeSchedule.objects.create(instrument=gold, effective_from=date(2000, 1, 1), open_per_lot=5, close_per_lot=5, close_today_per_lot=5)
    MarginSchedule.objects.create(instrument=gold, effective_from=date(2000, 1, 1), rate=Decimal("0.05"))
    Listing.objects.create(market=market, instrument=gold, calendar=calendar)
    tier = RiskTier.objects.create(name=f"Standard {market_code}")
    trader = User.objects.create_user(f"trader-{market_code.lower()}", password=None)
    trader.groups.add(Group.objects.get(name=Role.TRADER))
    desk = Desk(market, gold, calendar, tier, trader)
    desk.quote("2000.00", "2000.50")
    return desk
