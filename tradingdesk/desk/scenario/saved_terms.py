"""The terms an account traded on, as a scenario file writes them: instruments with their rates of the day and the next, and the rules of its tier."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from accounts.models import Account
from accounts.reading import read_states
from quotes.domain.dealing import Dealing, Rates
from quotes.enums import MarginBasis
from quotes.models import Instrument, Listing, SettlementPrice
from quotes.selectors.calendars import calendar_of
from tradingdesk.kernel import money
from tradingdesk.kernel.errors import Conflict

FEES = ("open_per_lot", "open_rate", "close_per_lot", "close_rate", "close_today_per_lot", "close_today_rate", "overnight_per_lot")
OF_ALL = ("margin_basis", "close_order", "fee_age")  # a scenario has one of each for all its instruments


@dataclass(frozen=True)
class Terms:
    """`symbols` by instrument id."""

    rules: dict[str, Any]
    instruments: list[dict[str, Any]]
    symbols: dict[int, str]


def terms_of(account: Account, day: date, instrument_ids: Collection[int]) -> Terms:
    """Terms of these instruments in the account's market on that day. Raises Conflict where no scenario can hold them."""
    dealings = read_states([account.pk], instrument_ids).dealings
    rows = {i.pk: i for i in Instrument.objects.filter(pk__in=instrument_ids).order_by("pk")}
    used = [dealings[account.market_id, pk] for pk in rows if (account.market_id, pk) in dealings]
    today = {d.instrument_id: d.rates_on(day, account.tier.margin_factor) for d in used}
    return Terms(
        rules=_rules(account, list(rows.values()), list(today.values())),
        instruments=[_instrument(account, rows[d.instrument_id], d, day, today[d.instrument_id]) for d in used],
        symbols={pk: row.symbol for pk, row in rows.items()},
    )


def _rules(account: Account, instruments: list[Instrument], rates: list[Rates]) -> dict[str, Any]:
    rules: dict[str, Any] = {"position_mode": "hedging"}
    for name in OF_ALL:
        rules[name] = _the_one(name, {getattr(i, name) for i in instruments})
    if rules["margin_basis"] == MarginBasis.AVERAGE:
        raise Conflict(
            "Margin at the day's average price needs every trade of the tape; a saved day has only what the account met.", rule="margin_basis"
        )
    rules["larger_side"] = _the_one("larger_side", {bool(r.margin_group) for r in rates})
    tier = account.tier
    rules |= {"floating": tier.floating, "deficit": tier.deficit, "variation_call": tier.variation_call}
    return {name: value.lower() if isinstance(value, str) else value for name, value in rules.items() if value is not None}


def _the_one(name: str, values: set[Any]) -> Any:
    if len(values) > 1:
        raise Conflict(f"The instruments differ in {name}; a scenario has one for all.", rule=name, values=sorted(map(str, values)))
    return next(iter(values), None)


def _instrument(account: Account, row: Instrument, dealing: Dealing, day: date, rates: Rates) -> dict[str, Any]:
    listing = Listing.objects.get(market_id=account.market_id, instrument=row)
    limits = [m for m in (dealing.max_order_quantity, account.tier.max_order_quantity) if m is not None]
    settled = SettlementPrice.objects.filter(market_id=account.market_id, instrument=row, trading_day__lt=day, price__isnull=False)
    previous = settled.order_by("-trading_day").values_list("price", flat=True).first()
    following = calendar_of(dealing.calendar_id).next_trading_day(day)
    later = dealing.rates_on(following, account.tier.margin_factor)
    if (later.margin_per_lot, later.maintenance_per_lot) != (rates.margin_per_lot, rates.maintenance_per_lot):
        raise Conflict(f"The margin per lot of {row.symbol} changes after {day}; a scenario has one for all its days.", instrument=row.symbol)
    terms: dict[str, Any] = {
        "symbol": row.symbol,
        "product": row.product or row.symbol,
        "multiplier": dealing.multiplier,
        "tick_size": dealing.tick_size,
        "matching": "dealer",
        "quote_qty": listing.quote_quantity,
        "previous_settlement": previous,
        "initial_margin_rate": rates.margin_rate,
        "initial_margin_per_lot": rates.margin_per_lot,
        "maintenance_margin_per_lot": rates.maintenance_per_lot,
        "max_order_qty": min(limits) if limits else None,
        "qty_multiple": dealing.quantity_step,
        "fees": {name: money.text(getattr(rates, name)) for name in FEES if getattr(rates, name)},
    }
    terms = {name: money.text(value) if isinstance(value, Decimal) else value for name, value in terms.items() if value not in (None, {}, 0)}
    return terms | (
        {"margin_schedule": [{"from": str(following), "rate": money.text(later.margin_rate)}]} if later.margin_rate != rates.margin_rate else {}
    )
