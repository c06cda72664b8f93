"""Builds the market that a scenario runs in: calendar, instruments with their dated fees and margins, tier, accounts. Nothing is booked yet.

Fees and margins begin with trading day 1, so what is carried into it costs nothing. In a database of its own everything is called what the file calls it;
in the desk's, names that are taken get a number.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import count
from typing import Any

from django.db import models, transaction
from django.utils.text import slugify

from accounts.models import Account, RiskTier, User
from accounts.services.opening import open_account
from quotes.enums import MarketClock, MarketKind
from quotes.models import FeeSchedule, Instrument, Listing, MarginSchedule, Market, SessionCalendar, SessionWindow
from tradingdesk.desk.scenario.form import Client, Contract
from tradingdesk.desk.scenario.scenario import MIDNIGHT, Scenario
from tradingdesk.kernel.locks import AdvisoryLock
from tradingdesk.kernel.session_locks import SessionLocks

CALENDAR = {"name": "Scenarios: Monday to Friday, UTC days, no holidays", "timezone": "UTC", "trading_weekdays": "12345"}
WEEKDAYS = range(1, 6)
NAME_LETTERS = 32
NO_LIMIT_SECONDS = 2**31 - 1  # a script's quote stands until the next one
MARKET = "SCENARIO"
CALL_PAID = "Variation call of {} paid in"  # the reason of that cash; by it the result finds it


@dataclass(frozen=True)
class Stage:
    """What a run moves: by the names the file uses."""

    scenario: Scenario
    market: Market
    owner: User
    instruments: dict[str, Instrument]
    accounts: dict[str, Account]

    @property
    def symbols(self) -> dict[int, str]:
        """The file's name of each instrument, by its id."""
        return {instrument.pk: symbol for symbol, instrument in self.instruments.items()}

    @property
    def account_names(self) -> dict[int, str]:
        """The file's name of each account, by its id."""
        return {account.pk: name for name, account in self.accounts.items()}


def build(scenario: Scenario, owner: User, alone: SessionLocks | None = None) -> Stage:
    """The market of a scenario, with accounts of `owner`. With `alone` no market process leads it until these locks are closed: before anybody can see it."""
    with transaction.atomic():
        market = _market(scenario)
        if alone is not None:
            alone.take(AdvisoryLock.MARKET_LEADER, market.pk)
        calendar = _calendar(market)
        instruments = {contract.symbol: _instrument(contract, scenario) for contract in scenario.instruments}
        for contract in scenario.instruments:
            _listing(contract, market, instruments[contract.symbol], calendar)
        tier = _tier(scenario, market)
    accounts = {client.id: _account(client, scenario, market, owner, tier) for client in scenario.accounts}
    return Stage(scenario, market, owner, instruments, accounts)


def free_name(wanted: str, is_taken: Callable[[str], bool]) -> str:
    """The name itself, or with the first number that makes it free."""
    for number in count(1):
        ending = "" if number == 1 else f"-{number}"
        name = wanted[: NAME_LETTERS - len(ending)] + ending
        if not is_taken(name):
            return name
    raise AssertionError("unreachable")


def _taken(model: type[models.Model], field: str) -> Callable[[str], bool]:
    return lambda name: model._default_manager.filter(**{field: name}).exists()


def _market(scenario: Scenario) -> Market:
    wanted = slugify(scenario.name).upper() or MARKET
    return Market.objects.create(
        code=free_name(wanted, _taken(Market, "code")),
        name=scenario.name,
        kind=MarketKind.TRAINING,
        clock=MarketClock.SCRIPT,
        settles_automatically=False,
    )


def _calendar(market: Market) -> SessionCalendar:
    calendar = SessionCalendar.objects.create(code=free_name(market.code, _taken(SessionCalendar, "code")), **CALENDAR)
    for weekday in WEEKDAYS:
        SessionWindow.objects.create(calendar=calendar, weekday=weekday, opens_at=MIDNIGHT, closes_at=MIDNIGHT)
    return calendar


def _instrument(contract: Contract, scenario: Scenario) -> Instrument:
    rules = scenario.rules
    instrument = Instrument.objects.create(
        symbol=free_name(contract.symbol, _taken(Instrument, "symbol")),
        name=contract.symbol,
        product=contract.product,
        currency=scenario.currency,
        multiplier=contract.multiplier,
        tick_size=contract.tick_size,
        quantity_step=contract.qty_multiple,
        margin_basis=rules.margin_basis.upper(),
        close_order=rules.close_order.upper(),
        fee_age=rules.fee_age.upper(),
    )
    FeeSchedule.objects.create(instrument=instrument, effective_from=scenario.start, **_values(contract.fees))
    for day, rate in margin_rates(contract, scenario.start).items():
        MarginSchedule.objects.create(
            instrument=instrument,
            effective_from=day,
            rate=rate,
            per_lot=contract.initial_margin_per_lot,
            maintenance_per_lot=contract.maintenance_margin_per_lot,
            is_larger_side=rules.larger_side,
        )
    return instrument


def margin_rates(contract: Contract, start: date) -> dict[date, Decimal]:
    """The margin rate from each day on; what begins before day 1 is in force then."""
    rates = {start: contract.initial_margin_rate}
    for stage in sorted(contract.margin_schedule, key=lambda stage: stage.effective_from):
        rates[max(stage.effective_from, start)] = stage.rate
    return rates


def _listing(contract: Contract, market: Market, instrument: Instrument, calendar: SessionCalendar) -> None:
    Listing.objects.create(
        market=market,
        instrument=instrument,
        calendar=calendar,
        max_quote_age_seconds=NO_LIMIT_SECONDS,
        max_jump_rate=0,
        quote_quantity=contract.quote_qty,
    )


def _tier(scenario: Scenario, market: Market) -> RiskTier:
    rules = scenario.rules
    return RiskTier.objects.create(
        name=free_name(market.code, _taken(RiskTier, "name")),
        floating=rules.floating.upper(),
        deficit=rules.deficit.upper(),
        variation_call=rules.variation_call.upper(),
        watch_level=0,
        warning_level=0,
        liquidation_level=0,
    )


def _account(client: Client, scenario: Scenario, market: Market, owner: User, tier: RiskTier) -> Account:
    number = free_name(client.id, _taken(Account, "number"))
    return open_account(number=number, name=client.id, owner=owner, market=market, tier=tier, currency=scenario.currency)


def _values(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in type(row).__slots__}


def instant(day: date, at: time = MIDNIGHT) -> datetime:
    """A moment of a scenario's trading day, which is a day of UTC."""
    return datetime.combine(day, at, UTC)
