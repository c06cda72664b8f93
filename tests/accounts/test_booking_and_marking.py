"""Which day something is booked on, what marking pays and occupies, what a night costs; journals that balance. Pure."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.domain.booking import booking_day, market_time
from accounts.domain.journal import HOUSE_SIDE, FundsRow, JournalDraft
from accounts.domain.marking import deficit_to_write_off, margin_call, mark_lots, overnight_fees
from accounts.enums import EntryKind, JournalKind
from quotes.domain.calendar import Calendar
from quotes.domain.dealing import Rates
from tests.accounts.builders import MONDAY, NOON, dealing, lot, quote, state

D = Decimal
FRIDAY, SATURDAY, NEXT_MONDAY = date(2026, 3, 6), date(2026, 3, 7), date(2026, 3, 9)
WORKDAYS = Calendar("UTC", time(21, 0), frozenset({1, 2, 3, 4, 5}), ())


@pytest.mark.parametrize(
    ("at", "priced", "settled", "day"),
    [
        (datetime(2026, 3, 6, 12, tzinfo=UTC), None, None, FRIDAY),
        (datetime(2026, 3, 6, 20, 59, 59, tzinfo=UTC), None, None, FRIDAY),
        (datetime(2026, 3, 6, 21, tzinfo=UTC), None, None, NEXT_MONDAY),  # Friday's night belongs to Monday
        (datetime(2026, 3, 7, 1, tzinfo=UTC), None, None, NEXT_MONDAY),
        (datetime(2026, 3, 6, 12, tzinfo=UTC), FRIDAY, None, NEXT_MONDAY),  # prices are fixed: Friday is over
        (datetime(2026, 3, 6, 12, tzinfo=UTC), FRIDAY, FRIDAY, NEXT_MONDAY),
        (datetime(2026, 3, 6, 12, tzinfo=UTC), MONDAY, FRIDAY, NEXT_MONDAY),  # this account has been settled already
        (datetime(2026, 3, 6, 12, tzinfo=UTC), date(2026, 3, 5), date(2026, 3, 4), FRIDAY),
        (datetime(2026, 3, 2, 12, tzinfo=UTC), FRIDAY, FRIDAY, NEXT_MONDAY),  # a feed that went back in time
    ],
)
def test_a_booking_belongs_to_its_day_or_the_first_that_is_still_open(at: datetime, priced: date | None, settled: date | None, day: date) -> None:
    assert booking_day(WORKDAYS, state(priced_through=priced, settled_through=settled), at) == day


def test_a_market_in_its_feeds_time_lives_at_its_newest_tick() -> None:
    wall, tick = datetime(2030, 1, 1, tzinfo=UTC), quote("1", "2")
    assert market_time(state(clock="FEED"), dealing(tick), wall) == NOON
    assert market_time(state(clock="FEED"), dealing(None), wall) == wall
    assert market_time(state(), dealing(tick), wall) == wall


GOLD = Rates(D(100), margin_rate=D("0.05"), overnight_per_lot=D("2.50"))


@pytest.mark.parametrize(
    ("side", "quantity", "settlement", "pnl", "margin"),
    [
        ("LONG", "2", "2010.25", "2050.00", "20102.50"),
        ("SHORT", "2", "2010.25", "-2050.00", "20102.50"),
        ("LONG", "1", "2000", "0.00", "10000.00"),
        ("LONG", "0.01", "1999.99", "-0.01", "100.00"),  # margin 99.9995 goes up to the cent
    ],
)
def test_marking_pays_the_move_since_the_basis_and_rebases_the_margin(side: str, quantity: str, settlement: str, pnl: str, margin: str) -> None:
    held = lot(quantity, "2000", side=side, margin="9000.00")
    [mark] = mark_lots([held], {1: D(settlement)}, {1: GOLD})
    assert (mark.basis_price, mark.price, mark.pnl, mark.margin) == (D(2000), D(settlement), D(pnl), D(margin))
    assert mark.margin_change == D(margin) - D("9000.00")
    assert (held.basis_price, held.margin, held.open_price) == (D(settlement), D(margin), D(2000))


def test_marking_day_after_day_pays_the_same_as_once() -> None:
    daily, once = lot("3", "2000"), lot("3", "2000")
    settlements = ["1990.5", "2013.37", "2007.01"]
    paid = sum(mark_lots([daily], {1: D(price)}, {1: GOLD})[0].pnl for price in settlements)
    assert paid == mark_lots([once], {1: D(settlements[-1])}, {1: GOLD})[0].pnl


def test_nights_are_paid_per_lot_and_only_where_they_cost_something() -> None:
    lots = [lot("2"), lot("1", id=2, side="SHORT"), lot("5", id=3, instrument_id=2)]
    assert overnight_fees(lots, {1: GOLD, 2: Rates(D(1))}) == {1: D("7.50")}
    assert overnight_fees([], {}) == {}


def test_a_night_is_rounded_once_for_all_lots_of_an_instrument() -> None:
    rates = Rates(D(1), overnight_per_lot=D("0.05"))
    assert overnight_fees([lot("0.05"), lot("0.05", id=2)], {1: rates}) == {1: D("0.01")}  # 2 × 0.0025, not 2 × 0.00


@given(st.lists(st.tuples(st.sampled_from(list(EntryKind)), st.decimals(-(10**9), 10**9, places=2)), max_size=8))
def test_every_journal_balances_and_the_state_follows_it(postings: list[tuple[EntryKind, Decimal]]) -> None:
    account = state()
    journal = JournalDraft(1, 1, JournalKind.FILL, MONDAY, NOON, NOON)
    for kind, amount in postings:
        journal.post(account, kind, amount, 7)
    assert sum(line["amount"] for line in journal.lines) == 0
    assert account.balance == D(100_000) + sum(amount for _, amount in postings)
    clients = [line for line in journal.lines if "account_id" in line]
    houses = [line for line in journal.lines if "purpose" in line]
    assert [line["purpose"] for line in houses] == [HOUSE_SIDE[kind] for kind, _ in postings]
    if clients:
        assert clients[-1]["balance_after"] == account.balance


def test_the_funds_row_is_the_state() -> None:
    account = state(frozen_margin=D(1), frozen_fee=D(2), margin=D(3), floating_loss=D(4), settled_through=MONDAY)
    assert FundsRow.of(account) == FundsRow(1, D(1), D(2), D(3), D(4), 1, MONDAY)


def test_every_kind_of_entry_has_a_house_side() -> None:
    assert set(HOUSE_SIDE) == set(EntryKind)


def test_marking_puts_a_lot_into_the_margin_group_of_tomorrow() -> None:
    held = lot("1", "2000", margin_group="OLD")
    mark_lots([held], {1: D(2010)}, {1: Rates(D(100), margin_rate=D("0.05"), margin_group="AU")})
    assert (held.margin_group, held.margin) == ("AU", D("10050.00"))


US = {1: Rates(D(1), margin_per_lot=D(8), maintenance_per_lot=D(6))}  # US-SHORT10: initial 8, maintenance 6 a contract


@pytest.mark.parametrize(
    ("rule", "balance", "call"),
    [
        ("NONE", "80", "0"),
        ("NONE", "79.99", "0.01"),
        ("NONE", "-5", "85"),
        ("INITIAL", "79.99", "0"),
        ("INITIAL", "60", "0"),  # strictly below: at maintenance nobody is called
        ("INITIAL", "59.99", "20.01"),
        ("INITIAL", "50", "30"),  # published
        ("MAINTENANCE", "60", "0"),
        ("MAINTENANCE", "50", "10"),
        ("MAINTENANCE", "-5", "65"),
    ],
)
def test_a_call_restores_what_the_tier_says(rule: str, balance: str, call: str) -> None:
    account = state(balance=D(balance), variation_call=rule, lots=[lot("10", "96", side="SHORT", margin="80.00")])
    account.charge_margin()
    assert margin_call(account, US) == D(call)


@pytest.mark.parametrize(("rule", "call"), [("INITIAL", "50.00"), ("MAINTENANCE", "30.00")])
def test_a_call_counts_the_larger_side_where_margin_does(rule: str, call: str) -> None:
    # long 10 × 8 and short 5 × 8 of one product: 80.00 are charged, and 10 × 6 must be left
    long, short = lot("10", margin="80", margin_group="AU"), lot("5", id=2, side="SHORT", margin="40", margin_group="AU")
    account = state(balance=D(30), variation_call=rule, lots=[long, short])
    account.charge_margin()
    assert margin_call(account, US) == D(call)


def test_an_account_without_lots_is_called_for_what_it_owes_alone() -> None:
    assert [margin_call(state(balance=D(b), variation_call=rule), {}) for rule in ("NONE", "INITIAL", "MAINTENANCE") for b in (-5, 5)] == [5, 0] * 3


@pytest.mark.parametrize(
    ("fields", "written_off"),
    [
        ({}, "17800.00"),
        ({"deficit": "OWED"}, "0"),
        ({"balance": D(1)}, "0"),
        ({"lots": [lot("1")]}, "0"),
        ({"frozen_margin": D(1)}, "0"),
        ({"frozen_fee": D(1)}, "0"),
    ],
)
def test_a_deficit_is_written_off_once_nothing_is_open(fields: dict[str, Any], written_off: str) -> None:
    assert deficit_to_write_off(state(**{"balance": D(-17_800), "deficit": "WRITTEN_OFF", **fields})) == D(written_off)
