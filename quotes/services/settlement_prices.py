"""Fixing a trading day's settlement prices, once: from then on bookings belong to a later day (DESIGN §8).

One transaction under the lock of the market's row (FOR NO KEY UPDATE): others see no price of the day, or all of them and `priced_through`.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django.db.models import QuerySet

from quotes.domain.settling import settlement_mid
from quotes.enums import SettlementMethod, TickFlag
from quotes.models import Instrument, Listing, Market, SettlementPrice, Tick
from tradingdesk.kernel import clock
from tradingdesk.kernel.errors import Conflict, InvalidRequest, NotFound
from tradingdesk.kernel.locks import command

LARGEST_PRICE, PRICE_PLACES = Decimal(10) ** 14, 6  # what a price column holds

Prices = dict[int, Decimal | None]
Given = Mapping[int, Decimal | None]


@command
def fix(market_id: int, trading_day: date, given: Given | None = None) -> Prices:
    """`fix_now` as a command of its own."""
    return fix_now(market_id, trading_day, given)


def fix_now(market_id: int, trading_day: date, given: Given | None = None) -> Prices:
    """Every listed instrument's settlement price of the day, by instrument id; one that never had a price is absent. What is fixed stays as it is.

    `given` are prices that the desk has decided on, by instrument id (None: it has none that day, and its lots keep their basis). The others follow the rule:

    The middle of the day's last clean quote, rounded half up to the tick; without a quote that day, of the last one that came after the day before was fixed
    (as bookings do, it belongs to this day); then the settlement before it, and before the first settlement the last quote of all. Raises NotFound (market,
    an instrument that is given and not listed), InvalidRequest (a price that is none) and Conflict (given otherwise than it was fixed). Inside the caller's
    transaction; the market's row is locked after whatever accounts the caller holds, and nobody locks accounts after it.
    """
    given = given or {}
    market = Market.objects.select_for_update(no_key=True).filter(pk=market_id).first()
    if market is None:
        raise NotFound("There is no such market.", code="UNKNOWN_MARKET", market=market_id)
    instruments = Instrument.objects.filter(pk__in=Listing.objects.filter(market=market).values("instrument_id")).order_by("pk")
    _check(given, {instrument.pk for instrument in instruments})
    rows = [row for instrument in instruments if (row := _row(market_id, instrument, trading_day, given))]
    SettlementPrice.objects.bulk_create(rows, ignore_conflicts=True)
    if market.priced_through is None or market.priced_through < trading_day:
        Market.objects.filter(pk=market_id).update(priced_through=trading_day)
    return _agreed(fixed(market_id, trading_day), given, trading_day)


def _check(given: Given, listed: set[int]) -> None:
    if unlisted := sorted(set(given) - listed):
        raise NotFound("A settlement price is given for something that is not listed in this market.", instruments=unlisted)
    for instrument_id, price in given.items():
        if price is not None and not (price.is_finite() and 0 < price < LARGEST_PRICE and price == round(price, PRICE_PLACES)):
            raise InvalidRequest(
                f"A settlement price is above zero and has at most {PRICE_PLACES} decimals.",
                field="price",
                instrument=instrument_id,
                value=str(price),
            )


def _agreed(fixed_prices: Prices, given: Given, trading_day: date) -> Prices:
    for instrument_id, price in given.items():
        if fixed_prices[instrument_id] != price:
            stands = str(fixed_prices[instrument_id])
            raise Conflict(f"The settlement price of {trading_day} is fixed at {stands} already.", instrument=instrument_id, fixed=stands)
    return fixed_prices


def _row(market_id: int, instrument: Instrument, trading_day: date, given: Given) -> SettlementPrice | None:
    if instrument.pk not in given:
        return _price(market_id, instrument, trading_day)
    price = given[instrument.pk]
    method = SettlementMethod.NONE if price is None else SettlementMethod.GIVEN
    row = SettlementPrice(market_id=market_id, instrument=instrument, trading_day=trading_day, fixed_at=clock.now())
    row.price, row.method = price, method
    return row


def fixed(market_id: int, trading_day: date) -> Prices:
    """The prices of the day as they stand, by instrument id."""
    return dict(SettlementPrice.objects.filter(market_id=market_id, trading_day=trading_day).values_list("instrument_id", "price"))


def _price(market_id: int, instrument: Instrument, trading_day: date) -> SettlementPrice | None:
    row = SettlementPrice(market_id=market_id, instrument=instrument, trading_day=trading_day, fixed_at=clock.now())
    quotes = Tick.objects.filter(trading_day__lte=trading_day, market_id=market_id, instrument_id=instrument.pk, flag=TickFlag.CLEAN)
    earlier = SettlementPrice.objects.filter(market_id=market_id, instrument=instrument, trading_day__lt=trading_day).order_by("-trading_day")
    last = _last_quote(quotes, trading_day, earlier.first())
    if last is not None:
        row.price, row.method, row.tick_seq = settlement_mid(last.bid, last.ask, instrument.tick_size), SettlementMethod.LAST_MID, last.seq
        return row
    previous = earlier.filter(price__isnull=False).first()
    if previous is not None:
        row.price, row.method = previous.price, SettlementMethod.PREVIOUS
        return row
    quoted = quotes.order_by("-trading_day", "-seq").first()
    if quoted is None:
        return None
    row.price, row.method, row.tick_seq = settlement_mid(quoted.bid, quoted.ask, instrument.tick_size), SettlementMethod.PREVIOUS, quoted.seq
    return row


def _last_quote(quotes: QuerySet[Tick], day: date, fixed_before: SettlementPrice | None) -> Tick | None:
    # By the calendar; else what came after the day before was fixed: what was dealt at those quotes is booked on this day.
    last = quotes.filter(trading_day=day).order_by("-seq").first()
    if last is None and fixed_before is not None:
        late = quotes.filter(trading_day=fixed_before.trading_day, received_at__gt=fixed_before.fixed_at)
        last = late.order_by("-seq").first()
    return last
