"""Reading prices over REST, for whoever is signed in. Prices and sizes are text; instants are numbers named by their unit."""

from dataclasses import asdict
from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from quotes.api.parameters import choice, instant, required, whole_number
from quotes.domain.frames import milliseconds
from quotes.enums import BarFrame, BarPrice
from quotes.models import LatestQuote, Listing, Market
from quotes.selectors.calendars import calendar_of
from quotes.selectors.candles import Page, candles, growing_day
from quotes.selectors.latest import latest_quotes
from quotes.selectors.listings import active_listings, listing_named, market_named
from tradingdesk.kernel import clock
from tradingdesk.kernel.money import text

MOST_BARS, USUAL_BARS = 5_000, 500


class MarketsView(APIView):
    """GET: every active market."""

    def get(self, request: Request) -> Response:
        """{"markets": [{"code", "name", "kind", "clock", "priced_through"}]}."""
        fields = ("code", "name", "kind", "clock", "priced_through")
        return Response({"markets": list(Market.objects.filter(is_active=True).values(*fields))})


class InstrumentsView(APIView):
    """GET ?market=: what trades there, with its terms."""

    def get(self, request: Request) -> Response:
        """{"market", "instruments": [...]}; INVALID_REQUEST, UNKNOWN_MARKET."""
        market = market_named(required(request.query_params, "market"))
        listings: QuerySet[Listing] = active_listings(market.pk)
        return Response({"market": market.code, "instruments": [instrument_json(listing) for listing in listings]})


class QuotesView(APIView):
    """GET ?market=: the newest quote of each instrument that has one."""

    def get(self, request: Request) -> Response:
        """{"market", "quotes": [...]}; INVALID_REQUEST, UNKNOWN_MARKET."""
        market = market_named(required(request.query_params, "market"))
        return Response({"market": market.code, "quotes": [quote_json(row) for row in latest_quotes(market.pk)]})


class BarsView(APIView):
    """GET ?market=&instrument=&frame=&price=&before=&limit=: candles, ascending, at most 5,000; and the trading day the newest of them belongs to."""

    def get(self, request: Request) -> Response:
        """Errors in this order: INVALID_REQUEST, UNKNOWN_MARKET, UNKNOWN_INSTRUMENT."""
        query = request.query_params
        code, symbol = required(query, "market"), required(query, "instrument")
        page = Page(
            frame=choice(query, "frame", BarFrame, BarFrame.M1),
            price=choice(query, "price", BarPrice, BarPrice.BID),
            limit=whole_number(query, "limit", USUAL_BARS, 1, MOST_BARS),
            before=instant(query, "before"),
        )
        listing = listing_named(market_named(code), symbol)
        head = {"market": code, "instrument": symbol, "frame": page.frame.value, "label": "start", "price": page.price.value}
        day = growing_day(listing)
        return Response({**head, "bars": candles(listing, page), "day": asdict(day) if day else None})


def instrument_json(listing: Listing) -> dict[str, Any]:
    """Contract terms as programs need them."""
    instrument = listing.instrument
    return {
        "symbol": instrument.symbol,
        "name": instrument.name,
        "asset_class": instrument.asset_class,
        "matching": instrument.matching,
        "currency": instrument.currency,
        "multiplier": text(instrument.multiplier),
        "tick_size": text(instrument.tick_size),
        "price_decimals": instrument.price_decimals,
        "quantity_step": text(instrument.quantity_step),
        "max_order_quantity": text(instrument.max_order_quantity),
        "max_quote_age_seconds": listing.max_quote_age_seconds,
        "calendar": listing.calendar.code,
        "is_open": calendar_of(listing.calendar_id).is_open(clock.now()),
    }


def quote_json(row: LatestQuote) -> dict[str, Any]:
    """The newest clean tick; times in milliseconds since 1970 UTC, its age since it came in by the desk's own clock."""
    return {
        "instrument": row.instrument.symbol,
        "seq": row.seq,
        "time": milliseconds(row.time) if row.time else None,
        "received_at": milliseconds(row.received_at) if row.received_at else None,
        "age_seconds": (clock.now() - row.received_at).total_seconds() if row.received_at else None,
        "trading_day": row.trading_day,
        "bid": text(row.bid),
        "ask": text(row.ask),
        "last": text(row.last),
        "source": row.source,
    }
