"""The product's side of the proof: two markets on one clock, each with the stream that the market process reads, and nothing else in memory."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from accounts.models import Account as AccountRow
from accounts.models import RiskTier
from orders.domain.order import OrderRequest
from orders.enums import Effect, OrderType, Side
from orders.services import resting
from orders.services.setbacks import Setbacks
from quotes.domain.ticks import Tick
from quotes.models import FeeSchedule, Listing, MarginSchedule, SessionCalendar
from quotes.selectors import calendars
from quotes.services.ticks import record, take_lead
from tests.factories.desk import Desk, make_desk
from tests.proofs.terms import Rates, Terms, decimal
from tests.proofs.things import Wish
from tradingdesk.desk.market.complaint import Complaint
from tradingdesk.desk.market.stream import Stream

SOURCE = "test"


class Traded:
    """One market of the product, its accounts, and the part of the market process that follows it."""

    stream: Stream
    epoch: int

    def __init__(self, desk: Desk, accounts: list[AccountRow]) -> None:
        self.desk, self.accounts = desk, accounts
        self.key = desk.market.pk, desk.gold.pk

    def restart(self) -> None:
        """A new process: it knows what stands in the tables. It takes the lead and makes up for what nobody has seen."""
        resting.setbacks = Setbacks()
        calendars.forget()
        self.epoch = take_lead(*self.key)
        self.stream = Stream(*self.key, SOURCE, _evaluate, self.epoch, Complaint("proof"))
        self.stream.idle()

    def take(self, ticks: Sequence[tuple[datetime, Decimal, Decimal]], *, seen: bool) -> None:
        """Ticks of the feed. Not `seen`: the market process stored them, and ended before an order saw them."""
        fed = [Tick(0, *tick) for tick in ticks]
        if seen:
            self.stream.take(fed)
        else:
            record(*self.key, fed, SOURCE, leader_epoch=self.epoch)

    def request(self, wish: Wish) -> OrderRequest:
        """The wish in the product's words."""
        return OrderRequest(
            account_id=self.accounts[wish.account].pk,
            instrument_id=self.desk.gold.pk,
            side=Side.BUY if wish.is_buy else Side.SELL,
            effect=Effect.CLOSE if wish.is_closing else Effect.OPEN,
            quantity=decimal(wish.quantity),
            type=OrderType.MARKET if wish.limit is None else OrderType.LIMIT,
            limit_price=None if wish.limit is None else decimal(wish.limit),
            time_in_force=wish.time_in_force,
            client_order_id=wish.name,
        )


def traded(terms: Terms, accounts: int) -> Traded:
    """A market on these terms, and accounts with nothing in them."""
    desk = make_desk(
        market_code=terms.code,
        multiplier=decimal(terms.multiplier),
        tick_size=decimal(terms.tick),
        quantity_step=decimal(terms.step),
        max_order_quantity=decimal(terms.most_per_order),
        close_order="TODAY_FIRST" if terms.closes_todays_first else "FIFO",
        fee_age="TODAY_FIRST" if terms.charges_todays_first else "FIFO",
        margin_basis="PREVIOUS_SETTLEMENT" if terms.is_margined_at_settlement else "ORDER_PRICE",
    )
    Listing.objects.filter(market=desk.market).update(max_quote_age_seconds=terms.quote_seconds)
    SessionCalendar.objects.filter(pk=desk.calendar.pk).update(trading_weekdays=terms.weekdays)
    RiskTier.objects.filter(pk=desk.tier.pk).update(
        margin_factor=decimal(terms.margin_factor),
        floating="ALL" if terms.profits_count else "LOSSES_ONLY",
        deficit="WRITTEN_OFF" if terms.writes_off else "OWED",
        max_position_quantity=decimal(terms.most_per_side) if terms.most_per_side else None,
    )
    FeeSchedule.objects.filter(instrument=desk.gold).delete()
    MarginSchedule.objects.filter(instrument=desk.gold).delete()
    for since, rates in terms.rates:
        _schedule(desk, terms, since, rates)
    calendars.forget()
    return Traded(desk, [desk.account("0") for _ in range(accounts)])


def _schedule(desk: Desk, terms: Terms, since: Any, rates: Rates) -> None:
    own = {"instrument": desk.gold, "effective_from": since}
    margin = {"rate": decimal(rates.margin_rate), "per_lot": decimal(rates.margin_per_lot), "is_larger_side": terms.is_charged_by_larger_side}
    MarginSchedule.objects.create(**own, **margin)
    FeeSchedule.objects.create(
        **own,
        open_per_lot=decimal(rates.open_per_lot),
        open_rate=decimal(rates.open_rate),
        close_per_lot=decimal(rates.close_per_lot),
        close_rate=decimal(rates.close_rate),
        close_today_per_lot=decimal(rates.today_per_lot),
        close_today_rate=decimal(rates.today_rate),
        overnight_per_lot=decimal(rates.overnight),
    )


unexpected: list[Exception] = []


def _evaluate(*args: Any, **options: Any) -> int:
    # The stream lives through any failure of an evaluation; a proof does not, and its connection must stay open to be rolled back.
    try:
        return resting.evaluate(*args, **options)
    except Exception as error:
        unexpected.append(error)
        return 0
