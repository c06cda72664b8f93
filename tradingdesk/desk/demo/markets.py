"""Calendars, the gold contract and the demo market."""

from datetime import date, time

from django.db import transaction

from quotes.enums import MarketKind
from quotes.models import FeeSchedule, Instrument, Listing, MarginSchedule, Market, SessionCalendar, SessionWindow
from tradingdesk.desk.demo.once import create_once

EVERY_DAY = range(1, 8)
MIDNIGHT = time(0)
ALWAYS = date(2000, 1, 1)  # before any recorded day, so that the parameters apply to all of them

# Spot gold trades from Sunday 18:00 to Friday 17:00 New York, with a break from 17:15 to 18:00 on the days between.
SPOT_GOLD_OPENS = time(18)
SPOT_GOLD_BREAK = time(17, 15)
SPOT_GOLD_WEEK_ENDS = time(17)
SUNDAY, THURSDAY = 7, 4
LOTS_PER_QUOTE = "5"  # fewer than the demo trader's funds are enough for, so that filling in parts is seen


def round_the_clock() -> SessionCalendar:
    """Never closed; each day by itself, from midnight to midnight UTC."""
    windows = [(weekday, MIDNIGHT, MIDNIGHT) for weekday in EVERY_DAY]
    return _calendar("ROUND_THE_CLOCK", "Round the clock, UTC days", windows, timezone="UTC", trading_weekdays="1234567")


def spot_gold() -> SessionCalendar:
    """The over-the-counter gold week; the evening belongs to the next trading day (rules/futures.md §7)."""
    windows = [(weekday, SPOT_GOLD_OPENS, SPOT_GOLD_BREAK) for weekday in (SUNDAY, 1, 2, 3)]
    windows.append((THURSDAY, SPOT_GOLD_OPENS, SPOT_GOLD_WEEK_ENDS))
    return _calendar("SPOT_GOLD", "Spot gold, New York", windows, timezone="America/New_York", rolls_at=SPOT_GOLD_BREAK, trading_weekdays="12345")


def _calendar(code: str, name: str, windows: list[tuple[int, time, time]], **values: object) -> SessionCalendar:
    with transaction.atomic():
        calendar, made = create_once(SessionCalendar, {"code": code}, name=name, **values)
        for weekday, opens_at, closes_at in windows if made else []:
            create_once(SessionWindow, {"calendar": calendar, "weekday": weekday, "opens_at": opens_at}, closes_at=closes_at)
    return calendar


def gold() -> Instrument:
    """100 troy ounces a lot, in US dollars, to a tenth of a cent: the grid of the recorded quotes; five per cent margin."""
    with transaction.atomic():
        instrument, made = create_once(
            Instrument, {"symbol": "XAUUSD"}, name="Gold, 100 oz", multiplier="100", tick_size="0.001", quantity_step="1", max_order_quantity="200"
        )
        if made:
            create_once(
                FeeSchedule,
                {"instrument": instrument, "effective_from": ALWAYS},
                open_per_lot="5.00",
                close_per_lot="5.00",
                close_today_per_lot="5.00",
                overnight_per_lot="2.50",
            )
            create_once(MarginSchedule, {"instrument": instrument, "effective_from": ALWAYS}, rate="0.05")
    return instrument


def demo_market() -> Market:
    """Simulated gold at every hour of every day."""
    with transaction.atomic():
        market, made = create_once(Market, {"code": "DEMO"}, name="Demo", kind=MarketKind.DEMO, feed="simulator")
        if made:
            create_once(Listing, {"market": market, "instrument": gold()}, calendar=round_the_clock(), quote_quantity=LOTS_PER_QUOTE)
    return market
