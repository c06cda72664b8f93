"""Lots, P&L, margin and available, as tables; and what must hold for every number (rules/futures.md §2.2, §5.1)."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.domain.state import counted, floating, margin_level, mark_of
from orders.domain.order import FreezeState
from tests.accounts.builders import MONDAY, dealing, lot, quote, state

D = Decimal
CENT = D("0.01")
amounts = st.decimals(min_value=0, max_value=10**9, places=2)
prices = st.decimals(min_value="0.01", max_value=10**5, places=2)
parts = st.lists(st.integers(1, 50), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("side", "basis", "price", "quantity", "multiplier", "pnl"),
    [
        ("LONG", "2000", "2010", "1", "100", "1000.00"),
        ("LONG", "2000", "1990", "2", "100", "-2000.00"),
        ("SHORT", "2000", "2010", "1", "100", "-1000.00"),
        ("SHORT", "2280", "2400", "10", "10", "-12000.00"),  # CN-FUELOIL-SHORT
        ("LONG", "3005", "3004", "2", "10", "-20.00"),  # CTP-C2101-FIFO
        ("LONG", "2000", "2000", "5", "100", "0.00"),
        ("LONG", "1.00000", "1.00005", "1", "100", "0.01"),  # half a cent goes up …
        ("SHORT", "1.00000", "1.00005", "1", "100", "-0.01"),  # … and so does its opposite: they cancel
        ("LONG", "1.00000", "1.00004", "1", "100", "0.00"),
        ("LONG", "2000", "2000.01", "0.01", "100", "0.01"),
    ],
)
def test_pnl_of_a_lot_runs_from_its_basis(side: str, basis: str, price: str, quantity: str, multiplier: str, pnl: str) -> None:
    assert lot("100", basis, side=side).pnl(D(price), D(quantity), D(multiplier)) == D(pnl)


def test_pnl_runs_from_the_last_settlement_once_marked() -> None:
    assert lot("1", "2000", basis_price=D(2040)).pnl(D(2060), D(1), D(100)) == D("2000.00")


@pytest.mark.parametrize(
    ("margin", "held", "closed", "share"),
    [
        ("20005.00", "2", "1", "10002.50"),
        ("10.00", "3", "1", "3.33"),  # down: what is left over stays with the rest
        ("10.00", "3", "2", "6.66"),
        ("10.00", "3", "3", "10.00"),
        ("0.01", "2", "1", "0.00"),
        ("0.00", "2", "1", "0.00"),
        ("100.00", "0.03", "0.01", "33.33"),
    ],
)
def test_a_close_gives_back_its_share_of_the_margin(margin: str, held: str, closed: str, share: str) -> None:
    assert lot(held, margin=margin).margin_share(D(closed)) == D(share)


@given(margin=amounts, parts=parts)
def test_partial_closes_give_back_exactly_the_margin_of_the_lot(margin: Decimal, parts: list[int]) -> None:
    held = lot(str(sum(parts)), margin=str(margin))
    given_back = []
    for part in parts:
        share = held.margin_share(D(part))
        held.quantity -= part
        held.margin -= share
        given_back.append(share)
        assert held.margin >= 0
    assert sum(given_back) == margin
    assert (held.quantity, held.margin) == (0, 0)
    assert all(share >= 0 and share == share.quantize(CENT) for share in given_back)


@given(basis=prices, price=prices, parts=parts, multiplier=st.sampled_from(["1", "0.5", "5", "100"]), side=st.sampled_from(["LONG", "SHORT"]))
def test_pnl_in_parts_is_the_pnl_of_the_whole_within_half_a_cent_for_each(
    basis: Decimal, price: Decimal, parts: list[int], multiplier: str, side: str
) -> None:
    held = lot(str(sum(parts)), str(basis), side=side)
    whole = held.pnl(price, D(sum(parts)), D(multiplier))
    in_parts = sum((held.pnl(price, D(part), D(multiplier)) for part in parts), D(0))
    assert abs(whole - in_parts) <= CENT / 2 * (len(parts) + 1)


@given(basis=prices, price=prices, quantity=st.integers(1, 500))
def test_what_a_long_gains_a_short_loses(basis: Decimal, price: Decimal, quantity: int) -> None:
    long, short = lot(str(quantity), str(basis)), lot(str(quantity), str(basis), side="SHORT")
    assert long.pnl(price, D(quantity), D(100)) == -short.pnl(price, D(quantity), D(100))


@given(margin=amounts, fee=amounts, parts=parts, captured=st.integers(0, 12))
def test_captures_and_the_release_take_exactly_what_was_frozen(margin: Decimal, fee: Decimal, parts: list[int], captured: int) -> None:
    freeze = FreezeState(1, D(sum(parts)), margin, fee)
    taken = [freeze.capture(D(part)) for part in parts[:captured]]
    assert all(m >= 0 and f >= 0 for m, f in taken)
    assert freeze.is_resolved == (captured >= len(parts))
    if freeze.is_resolved:
        assert (freeze.open_margin, freeze.open_fee) == (0, 0)  # the last share took all that was left
    taken.append(freeze.release())
    assert (sum(m for m, _ in taken), sum(f for _, f in taken)) == (margin, fee)
    assert (freeze.open_quantity, freeze.open_margin, freeze.open_fee, freeze.is_resolved) == (0, 0, 0, True)


def test_a_part_takes_its_share_of_the_freeze_to_the_cent() -> None:
    freeze = FreezeState(1, D(3), D("100.00"), D("1.00"))
    assert [freeze.capture(D(1)) for _ in range(3)] == [(D("33.33"), D("0.33")), (D("33.33"), D("0.33")), (D("33.34"), D("0.34"))]


@pytest.mark.parametrize(
    ("rule", "of_a_gain", "of_a_loss"), [("ALL", "70", "-30"), ("LOSSES_ONLY", "0", "-30"), ("GAINS_ONLY", "70", "0"), ("NONE", "0", "0")]
)
def test_what_of_the_floating_pnl_counts_is_the_tiers_rule(rule: str, of_a_gain: str, of_a_loss: str) -> None:
    assert (counted(D(70), rule), counted(D(-30), rule)) == (D(of_a_gain), D(of_a_loss))


@pytest.mark.parametrize(
    ("rule", "bid", "available"),
    [
        # 1 long from 2000: balance 100,000 − frozen 1,005 − margin 10,000 = 88,995, then what counts of ± 500.00
        ("LOSSES_ONLY", "2005", "88995"),
        ("LOSSES_ONLY", "1995", "88495"),
        ("ALL", "2005", "89495"),
        ("ALL", "1995", "88495"),
        ("GAINS_ONLY", "2005", "89495"),
        ("GAINS_ONLY", "1995", "88995"),
        ("NONE", "2005", "88995"),
        ("NONE", "1995", "88995"),
    ],
)
def test_available_under_each_rule(rule: str, bid: str, available: str) -> None:
    account = state(floating_rule=rule, frozen_margin=D(1000), frozen_fee=D(5), margin=D(10_000), lots=[lot("1", "2000")])
    account.revalue({(1, 1): dealing(quote(bid, "9999"))})
    assert account.available() == D(available)


def test_available_may_be_negative_that_is_a_call() -> None:
    # CN-IF-EX4-D2: c/f 124,850, margin 138,000 → −13,150
    assert state(balance=D(124_850), margin=D(138_000)).available() == D(-13_150)


def test_gains_and_losses_are_netted_before_the_rule_is_asked() -> None:
    # +1,000.00 on the long and −1,100.00 on the short: −100.00 counts, not −1,100.00
    account = state(lots=[lot("1", "2000"), lot("1", "1999", side="SHORT", id=2)])
    account.revalue({(1, 1): dealing(quote("2010", "2010"))})
    assert account.floating_loss == D("100.00")


def test_a_long_is_valued_at_the_bid_and_a_short_at_the_ask() -> None:
    lots = [lot("1", "2000"), lot("1", "2000", side="SHORT", id=2)]
    in_force = {1: dealing(quote("1999", "2002"))}
    assert [floating([one], in_force, None) for one in lots] == [D("-100.00"), D("-200.00")]
    assert [mark_of(one, in_force[1], None) for one in lots] == [D(1999), D(2002)]


def test_without_a_quote_a_lot_stands_at_its_basis() -> None:
    assert floating([lot("1", "2000")], {1: dealing(None)}, None) == floating([lot("1", "2000")], {}, None) == 0
    assert mark_of(lot("1", "2000", basis_price=D(2040)), None, None) == D(2040)


def test_quotes_of_another_market_do_not_value_this_account() -> None:
    account = state(lots=[lot("1", "2000")])
    account.revalue({(2, 1): dealing(quote("1000", "1000"), market_id=2)})
    assert account.floating_loss == 0


@pytest.mark.parametrize(
    ("equity", "margin", "level"),
    [
        ("124850", "138000", "90.47"),
        ("100", "100", "100.00"),
        ("-17800", "1000", "-1780.00"),
        ("0", "5", "0.00"),
        ("100", "0", None),
        ("1", "3", "33.33"),
    ],
)
def test_margin_level_is_equity_over_margin_in_per_cent(equity: str, margin: str, level: str | None) -> None:
    assert margin_level(D(equity), D(margin)) == (level and D(level))


def test_claims_of_open_orders_count_against_positions() -> None:
    account = state(lots=[lot("5"), lot("3", id=2), lot("9", id=3, side="SHORT")])
    account.reserve(1, "LONG", D(6), is_closing=True)
    account.reserve(1, "LONG", D(2), is_closing=False)
    assert (account.position(1, "LONG"), account.closable(1, "LONG"), account.committed(1, "LONG")) == (8, 2, 10)
    assert (account.closable(1, "SHORT"), account.committed(2, "LONG")) == (9, 0)
    account.reserve(1, "LONG", D(-6), is_closing=True)
    assert account.closable(1, "LONG") == 8


@pytest.mark.parametrize(
    ("fields", "unrealised", "withdrawable"),
    [
        ({}, "500", "89000"),  # unrealised profit is never paid out, whatever counts in available
        ({"floating_rule": "ALL"}, "500", "89000"),
        ({}, "-500", "88500"),
        ({"floating_rule": "NONE"}, "-500", "88500"),  # nor is a loss that does not count
        ({"frozen_margin": D(89_000)}, "-500", "0"),  # never below zero
    ],
)
def test_what_may_be_paid_out(fields: dict, unrealised: str, withdrawable: str) -> None:
    # 1 long from 2000: balance 100,000 − margin 11,000
    account = state(margin=D(11_000), lots=[lot("1", "2000")], **fields)
    bid = str(2000 + Decimal(unrealised) / 100)
    account.revalue({(1, 1): dealing(quote(bid, "9999"))})
    assert (account.unrealised, account.equity) == (D(unrealised), D(100_000) + D(unrealised))
    assert account.withdrawable() == D(withdrawable)


def test_a_lot_stands_at_its_basis_until_a_quote_of_a_later_day() -> None:
    settled = lot("1", "2000", basis_price=D(2040))
    account = state(lots=[settled], settled_through=MONDAY)
    account.revalue({(1, 1): dealing(quote("2050", "2051"))})
    assert (account.unrealised, account.equity, mark_of(settled, dealing(quote("2050", "2051")), MONDAY)) == (0, D(100_000), D(2040))
    account.revalue({(1, 1): dealing(quote("2050", "2051"), quote_day=MONDAY + timedelta(days=1))})
    assert (account.unrealised, account.available()) == (D(1000), D(100_000))
