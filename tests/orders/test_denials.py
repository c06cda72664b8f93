"""Every refusal, in the order of the checks: a DENIED row with the numbers, one event, and nothing moved. Two faults at once give the first."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from itertools import combinations
from typing import Any

import pytest

from accounts.models import Account, Entry, Freeze
from orders.domain.checks import CHECKS
from orders.domain.order import Outcome
from orders.enums import Effect, OrderStatus, Reason, Side
from orders.models import Fill, Order, OrderEvent
from quotes.models import Instrument, LatestQuote, Listing
from quotes.selectors import calendars
from tests.factories.books import assert_books_are_right
from tests.factories.desk import Desk, funds, order

pytestmark = pytest.mark.django_db
D = Decimal


@dataclass(frozen=True)
class Fault:
    """What makes an order refusable: a change of the desk, fields of the order, and the reason it gives alone."""

    reason: Reason
    desk: Callable[[Desk, Account], Any] = lambda desk, account: None
    order: tuple[tuple[str, Any], ...] = ()
    detail: tuple[tuple[str, str], ...] = ()

    @property
    def fields(self) -> dict[str, Any]:
        return dict(self.order)


def suspend(desk: Desk, account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(status="SUSPENDED")


def close_market(desk: Desk, account: Account) -> None:
    Listing.objects.update(is_active=False)


def age_quote(desk: Desk, account: Account) -> None:
    desk.at += timedelta(seconds=12.5)


def limit_positions(desk: Desk, account: Account) -> None:
    desk.tier.max_position_quantity = D("0.5")
    desk.tier.save()


def limit_orders(desk: Desk, account: Account) -> None:
    Instrument.objects.update(max_order_quantity=D("0.25"))


# One per check, in the order of the checks; each fault spoils an order that is right otherwise.
FAULTS = [
    Fault(Reason.ACCOUNT_NOT_ACTIVE, suspend, detail=(("status", "SUSPENDED"),)),
    Fault(Reason.NOT_IN_SESSION, close_market),
    Fault(Reason.STALE_QUOTE, age_quote, detail=(("age_seconds", "12.5"), ("maximum_seconds", "10"))),
    Fault(Reason.OFF_TICK, order=(("limit_price", D("1900.005")),), detail=(("price", "1900.005"), ("tick_size", "0.01"))),
    Fault(Reason.OUTSIDE_PRICE_LIMITS, order=(("limit_price", D("-1.00")),), detail=(("price", "-1"), ("above", "0"))),
    Fault(Reason.QTY_INVALID, order=(("quantity", D(-1)),), detail=(("quantity", "-1"), ("above", "0"))),
    Fault(Reason.QTY_OVER_MAXIMUM, limit_orders, detail=(("quantity", "1"), ("maximum", "0.25"))),
    Fault(Reason.QTY_NOT_MULTIPLE, order=(("quantity", D("1.5")),), detail=(("quantity", "1.5"), ("step", "1"))),
    Fault(Reason.POSITION_LIMIT, limit_positions, detail=(("quantity", "1"), ("open_and_pending", "0"), ("limit", "0.5"))),
    Fault(Reason.CLOSABLE_EXCEEDED, order=(("effect", Effect.CLOSE),), detail=(("quantity", "1"), ("closable", "0"), ("side", "SHORT"))),
    Fault(
        Reason.INSUFFICIENT_FUNDS,
        lambda desk, account: None,  # the account holds 100.00, see below
        detail=(("required", "9505"), ("margin", "9500"), ("fee", "5"), ("available", "100"), ("currency", "USD")),
    ),
]


def go_together(first: Fault, second: Fault) -> bool:
    """Whether one order can have both: one price and one quantity; what closes has no position limit and needs no funds."""
    same_field = {name for name, _ in first.order} & {name for name, _ in second.order}
    of_opening = {Reason.POSITION_LIMIT, Reason.INSUFFICIENT_FUNDS}
    reasons = {first.reason, second.reason}
    return not same_field and not (Reason.CLOSABLE_EXCEEDED in reasons and reasons & of_opening)


def place(desk: Desk, account: Account, *faults: Fault) -> Outcome:
    """A right order (buy one lot at 1900.00) with these faults in it."""
    for fault in faults:
        fault.desk(desk, account)
    fields: dict[str, Any] = {"quantity": D(1), "limit_price": D("1900.00")}
    for fault in faults:
        fields |= fault.fields
    return desk.place([replace(desk.request(account, Side.BUY, 1, "1900.00"), **fields)])[0]


def assert_denied(desk: Desk, account: Account, outcome: Outcome, reason: Reason) -> None:
    """The row and its one event tell why; money, versions, freezes and fills are as they were."""
    row = order(outcome)
    assert (outcome.status, outcome.reason, row.status, row.reason) == (OrderStatus.DENIED, reason, OrderStatus.DENIED, reason)
    assert (row.detail, row.ended_at is not None, outcome.filled_quantity) == (outcome.detail, True, 0)
    assert outcome.detail
    assert outcome.message
    [event] = OrderEvent.objects.filter(order=row)
    assert (event.step, event.status, event.data["reason"], event.account_version) == ("DENIED", "DENIED", reason, None)
    assert not Freeze.objects.filter(order_id=row.pk).exists()
    assert not Fill.objects.filter(order=row).exists()


def stands(account: Account) -> tuple[Any, ...]:
    f = funds(account)
    return f.version, f.balance, f.frozen_margin, f.frozen_fee, f.margin, Entry.objects.count()


def test_the_table_has_every_check_in_its_order() -> None:
    assert len(FAULTS) == len(CHECKS)
    assert [f.reason for f in FAULTS] == list(Reason)[: len(FAULTS)]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.reason.value)
def test_each_fault_is_refused_with_its_numbers_and_moves_nothing(desk: Desk, fault: Fault) -> None:
    account = desk.account("100" if fault.reason == Reason.INSUFFICIENT_FUNDS else "100000")
    before = stands(account)
    outcome = place(desk, account, fault)
    assert_denied(desk, account, outcome, fault.reason)
    assert outcome.detail.items() >= dict(fault.detail).items()
    assert stands(account) == before
    assert_books_are_right()


@pytest.mark.parametrize(("first", "second"), [pair for pair in combinations(FAULTS, 2) if go_together(*pair)], ids=lambda f: f.reason.value)
def test_two_faults_at_once_give_the_first(desk: Desk, first: Fault, second: Fault) -> None:
    account = desk.account("100" if second.reason == Reason.INSUFFICIENT_FUNDS else "100000")
    before = stands(account)
    assert_denied(desk, account, place(desk, account, first, second), first.reason)
    assert stands(account) == before


def test_an_account_that_is_not_active_may_not_even_close(desk: Desk) -> None:
    account = desk.account("100000")
    desk.buy(account, 1)
    Account.objects.filter(pk=account.pk).update(status="SUSPENDED")
    before = stands(account)
    assert_denied(desk, account, desk.close_long(account, 1), Reason.ACCOUNT_NOT_ACTIVE)
    assert stands(account) == before


def test_an_account_of_another_currency_is_refused(desk: Desk) -> None:
    account = desk.account("100000", currency="EUR")
    outcome = desk.buy(account, 1)
    assert_denied(desk, account, outcome, Reason.ACCOUNT_NOT_ACTIVE)
    assert outcome.detail == {"account_currency": "EUR", "instrument_currency": "USD"}


@pytest.mark.parametrize("switched_off", ["market", "instrument", "windows"])
def test_what_does_not_trade_is_refused(desk: Desk, switched_off: str) -> None:
    account = desk.account("100000")
    match switched_off:
        case "market":
            type(desk.market).objects.update(is_active=False)
        case "instrument":
            Instrument.objects.update(is_active=False)
        case "windows":
            desk.calendar.windows.all().delete()
    calendars.forget()
    assert_denied(desk, account, desk.buy(account, 1), Reason.NOT_IN_SESSION)


def test_an_instrument_that_is_not_listed_in_the_accounts_market_is_refused(desk: Desk) -> None:
    account = desk.account("100000")
    other = Instrument.objects.create(symbol="OTHER", name="Other", multiplier=1, tick_size=1)
    outcome = desk.buy(account, 1, instrument_id=other.pk)
    assert_denied(desk, account, outcome, Reason.NOT_IN_SESSION)
    assert (outcome.detail, order(outcome).trading_day) == ({"is_listed": False}, None)


def test_without_any_quote_there_is_nothing_to_deal_on(desk: Desk) -> None:
    account = desk.account("100000")
    LatestQuote.objects.all().delete()
    assert_denied(desk, account, desk.buy(account, 1), Reason.STALE_QUOTE)


@pytest.mark.parametrize(("seconds", "denied"), [(10, False), (10.001, True)])
def test_a_quote_is_stale_once_it_is_older_than_allowed(desk: Desk, seconds: float, denied: bool) -> None:
    account = desk.account("100000")
    desk.at += timedelta(seconds=seconds)
    assert desk.buy(account, 1).is_denied is denied


@pytest.mark.parametrize(("quantity", "denied"), [("50", False), ("51", True)])
def test_the_smaller_of_the_instruments_and_the_tiers_maximum_holds(desk: Desk, quantity: str, denied: bool) -> None:
    desk.tier.max_order_quantity = 80
    desk.tier.save()
    assert desk.buy(desk.account("10000000"), quantity).is_denied is denied
    desk.tier.max_order_quantity = 40
    desk.tier.save()
    outcome = desk.buy(desk.account("10000000"), quantity)
    assert (outcome.reason, outcome.detail["maximum"]) == (Reason.QTY_OVER_MAXIMUM, "40")


def test_the_position_limit_counts_what_is_open_and_what_is_pending_on_that_side(desk: Desk) -> None:
    desk.tier.max_position_quantity = 3
    desk.tier.save()
    account = desk.account("1000000")
    desk.buy(account, 1)
    desk.buy(account, 1, "1900.00")
    outcome = desk.buy(account, 2)
    assert (outcome.reason, outcome.detail) == (Reason.POSITION_LIMIT, {"quantity": "2", "open_and_pending": "2", "limit": "3"})
    assert not desk.buy(account, 1).is_denied
    assert not desk.sell(account, 3).is_denied  # the other side has its own
    assert not desk.close_long(account, 2).is_denied


@pytest.mark.parametrize(("cash", "denied"), [("10007.50", False), ("10007.49", True)])
def test_the_last_cent_decides(desk: Desk, cash: str, denied: bool) -> None:
    # 2000.50 × 100 × 5 % + 5.00 = 10,007.50
    account = desk.account(cash)
    outcome = desk.buy(account, 1)
    assert outcome.is_denied is denied
    assert_books_are_right()


@pytest.mark.parametrize("limit", ["99999999999999", "0.01"])
def test_an_absurd_order_is_refused_like_any_other(desk: Desk, limit: str) -> None:
    Instrument.objects.update(max_order_quantity=None)
    account = desk.account("100000")
    before = stands(account)
    assert_denied(desk, account, desk.buy(account, "9999999999999999", limit), Reason.INSUFFICIENT_FUNDS)
    assert stands(account) == before


def test_closes_are_never_refused_for_funds(desk: Desk) -> None:
    # Bought at 2000.50 with 10,107.50; at 1900.00 the loss is 10,050.00: available is far below zero.
    account = desk.account("10107.50")
    desk.buy(account, 1)
    desk.quote("1900.00", "1900.50")
    outcome = desk.close_long(account, 1)
    assert outcome.status == OrderStatus.FILLED
    assert (funds(account).balance, Order.objects.filter(status="DENIED").count()) == (D("10107.50") - 5 - 10_050 - 5, 0)
    assert_books_are_right()
