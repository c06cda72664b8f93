"""Takes the steps of a scenario, one after the other, through the services that everything else goes through.

An instrument whose matching is `book` has no dealer's quote: it stands at its last price. A dealer's missing bid or ask is its last price too.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from accounts.enums import VariationCall
from accounts.models import AccountDay
from accounts.services.cash import post_cash
from orders.domain.order import OrderRequest, Outcome
from orders.enums import Effect, OrderType, Side, TimeInForce
from orders.services.cancellation import cancel_orders
from orders.services.deals import DealRequest, book_deals
from orders.services.placement import place_orders
from orders.services.resting import evaluate
from quotes.domain.ticks import Tick
from quotes.selectors.streams import standing
from quotes.services import ticks
from quotes.services.script import advance
from settlement.services.run import settle
from tradingdesk.desk.scenario import carry, expectations, result
from tradingdesk.desk.scenario.errors import ScenarioError
from tradingdesk.desk.scenario.scenario import MIDNIGHT
from tradingdesk.desk.scenario.stage import CALL_PAID, Stage, instant
from tradingdesk.desk.scenario.steps import DEAL_ID, Cancel, Cash, Expect, PlaceOrder, Quote, Settle, Step, Trade
from tradingdesk.kernel.errors import DeskError

SOURCE = "script"
EFFECTS = {None: Effect.OPEN, "auto": Effect.OPEN, "open": Effect.OPEN, "close": Effect.CLOSE}  # positions are hedged: without a word an order opens


@dataclass
class Board:
    """Prices of one instrument as the script has told them; `last_today`: since the trading day began."""

    is_book: bool
    has_price: bool  # ever, a previous settlement included
    bid: Decimal | None = None
    ask: Decimal | None = None
    last: Decimal | None = None
    last_today: Decimal | None = None

    def tell(self, bid: Decimal | None, ask: Decimal | None, last: Decimal | None) -> tuple[Decimal, Decimal] | None:
        """Takes news in; bid and ask as they are dealt on now, None where nothing is news to this instrument."""
        if self.is_book and last is None:
            return None
        self.bid, self.ask = (None, None) if self.is_book else (bid or self.bid, ask or self.ask)
        if last is not None:
            self.last = self.last_today = last
        self.has_price = True
        return self._two_sides()

    def _two_sides(self) -> tuple[Decimal, Decimal]:
        # What is missing of a quote is the last price, or else the other side.
        bid, ask = self.bid or self.last or self.ask, self.ask or self.last or self.bid
        assert bid is not None, "a quote names one price at least"
        assert ask is not None, "a quote names one price at least"
        if bid > ask and None in (self.bid, self.ask):
            bid = ask = self.bid or self.ask or bid
        return bid, ask


class Run:
    """One scenario on its way. `differences` are what expectations did not find."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.differences: list[str] = []
        self._days = stage.scenario.days
        self._day = 0
        self._time = MIDNIGHT
        self._orders: dict[str, int] = {}
        self._boards = {c.symbol: Board(c.matching == "book", c.previous_settlement is not None) for c in stage.scenario.instruments}
        self._takers: dict[type, Callable[[Any, Step], None]] = {
            Quote: self._quote,
            PlaceOrder: self._order,
            Cancel: self._cancel,
            Trade: self._trade,
            Cash: self._cash,
            Settle: self._settle,
            Expect: self._expect,
        }

    def whole(self) -> dict[str, Any]:
        """Takes every step; the result. Raises ScenarioError where a step cannot be taken."""
        carry.begin(self.stage)
        for step in self.stage.scenario.steps:
            self._take(step)
        self._mark_evaluated()
        return self.result()

    def result(self, wanted: Collection[str] | None = None) -> dict[str, Any]:
        """What has come out by now, or these parts of it."""
        lasts = {symbol: board.last for symbol, board in self._boards.items()}
        return result.of(self.stage, self._orders, lasts, self._days[: self._day + 1], wanted)

    def _mark_evaluated(self) -> None:
        # Whoever follows the market from here on does not show its resting orders the script's ticks once more.
        for instrument in self.stage.instruments.values():
            reached = standing(self.stage.market.pk, instrument.pk).last_seq
            ticks.mark_evaluated(self.stage.market.pk, instrument.pk, reached)

    def _take(self, step: Step) -> None:
        try:
            self._reach(step.at or self._time)
            self._takers[type(step.action)](step.action, step)
        except DeskError as error:
            raise ScenarioError(step.where, error.message) from error

    def _reach(self, at: time) -> None:
        if at != self._time:
            self._time = at
            advance(self.stage.market.pk, self._now)

    @property
    def _now(self) -> datetime:
        return instant(self._days[self._day], self._time)

    def _quote(self, quote: Quote, step: Step) -> None:
        self._tell(quote.symbol, quote.bid, quote.ask, quote.last, None)

    def _tell(self, symbol: str, bid: Decimal | None, ask: Decimal | None, last: Decimal | None, size: Decimal | None) -> None:
        # The next tick; resting orders see it.
        sides = self._boards[symbol].tell(bid, ask, last)
        if sides is None:
            return
        market_id, instrument_id = self.stage.market.pk, self.stage.instruments[symbol].pk
        tick = Tick(0, self._now, *sides, last, size)
        recorded = ticks.record(market_id, instrument_id, [tick], SOURCE)
        evaluate(market_id, instrument_id, recorded.clean, SOURCE)

    def _order(self, order: PlaceOrder, step: Step) -> None:
        request = OrderRequest(
            account_id=self.stage.accounts[order.account].pk,
            instrument_id=self.stage.instruments[order.symbol].pk,
            side=Side(order.side.upper()),
            quantity=order.qty,
            type=OrderType(order.type.upper()),
            client_order_id=order.id,
            time_in_force=TimeInForce.IOC if order.type == "market" else TimeInForce(order.tif),
            limit_price=order.price,
            effect=EFFECTS[order.effect],
            actor_id=self.stage.owner.pk,
            source=SOURCE,
        )
        self._note(order.id, place_orders([request])[0], step)

    def _note(self, name: str, outcome: Outcome, step: Step) -> None:
        if outcome.order_id is None:  # its amounts have more digits than the books hold: nobody is to learn that from a DENIED order
            raise ScenarioError(step.where, outcome.message, "smaller prices or quantities")
        self._orders[name] = outcome.order_id

    def _cancel(self, cancel: Cancel, step: Step) -> None:
        cancel_orders([self._orders[cancel.id]], actor_id=self.stage.owner.pk)

    def _trade(self, trade: Trade, step: Step) -> None:
        if trade.account is not None and trade.side is not None and trade.qty is not None and self._deal(trade, step).is_denied:
            return  # nothing was executed, so nothing is printed
        self._tell(trade.symbol, None, None, trade.price, trade.qty or Decimal(1))

    def _deal(self, trade: Trade, step: Step) -> Outcome:
        assert trade.account is not None
        assert trade.side is not None
        assert trade.qty is not None
        deal = DealRequest(
            account_id=self.stage.accounts[trade.account].pk,
            instrument_id=self.stage.instruments[trade.symbol].pk,
            side=Side(trade.side.upper()),
            effect=EFFECTS[trade.effect],
            quantity=trade.qty,
            price=trade.price,
            client_order_id=DEAL_ID.format(step.index),
            fee=trade.fee,
            actor_id=self.stage.owner.pk,
        )
        outcome = book_deals([deal])[0]
        self._note(deal.client_order_id, outcome, step)
        return outcome

    def _cash(self, cash: Cash, step: Step) -> None:
        post_cash(self.stage.accounts[cash.account].pk, cash.amount, reason="Step of a scenario", actor_id=self.stage.owner.pk)

    def _settle(self, step_settle: Settle, step: Step) -> None:
        day = self._days[self._day]
        settle(self.stage.market.pk, day, prices=self._settlement_prices(step_settle.prices), actor_id=self.stage.owner.pk)
        self._day, self._time = self._day + 1, MIDNIGHT
        for board in self._boards.values():
            board.last_today = None
        advance(self.stage.market.pk, self._now)
        self._pay_calls(day)

    def _settlement_prices(self, named: Mapping[str, Decimal]) -> dict[int, Decimal | None]:
        # Not named: the day's last price; left out here, the desk's own rule (the middle of the day's quote, else the previous settlement); else none.
        prices: dict[int, Decimal | None] = {}
        for symbol, board in self._boards.items():
            price = named.get(symbol, board.last_today)
            if price is not None or not board.has_price:
                prices[self.stage.instruments[symbol].pk] = price
            board.has_price = board.has_price or price is not None
        return prices

    def _pay_calls(self, day: date) -> None:
        # US-style: the call of the day before is paid in before anything else happens.
        if self.stage.scenario.rules.variation_call.upper() == VariationCall.NONE:
            return
        called = AccountDay.objects.filter(market=self.stage.market, trading_day=day, margin_call__gt=0).order_by("account_id")
        for account_day in called:
            post_cash(account_day.account_id, account_day.margin_call, reason=CALL_PAID.format(day), actor_id=self.stage.owner.pk)

    def _expect(self, expect: Expect, step: Step) -> None:
        self.differences += [f"{step.where}.{line}" for line in expectations.differences(expect.tree, self.result(expect.tree))]


def run(stage: Stage) -> tuple[dict[str, Any], list[str]]:
    """The result of a scenario on its stage, and the differences to what it expects. Raises ScenarioError."""
    whole = Run(stage)
    try:
        document = whole.whole()
    except DeskError as error:
        raise ScenarioError("", error.message) from error
    return document, whole.differences
