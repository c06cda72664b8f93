"""What lots are charged together (rules/futures.md §5.4), as a table; and what must hold for every set of them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.domain.margins import Margined, charged, increment, open_share
from tests.accounts.builders import lot, state

D = Decimal
GROUPS, SIDES = ("", "AU", "AG"), ("LONG", "SHORT")
margined = st.lists(st.tuples(st.sampled_from(GROUPS), st.sampled_from(SIDES), st.decimals(min_value=0, max_value=10**9, places=2)), max_size=12)


@pytest.mark.parametrize(
    ("held", "charge"),
    [
        ([], "0"),
        ([("AU", "LONG", "100000"), ("AU", "SHORT", "80000")], "100000"),  # published
        ([("AU", "LONG", "100000"), ("AU", "SHORT", "80000"), ("AU", "SHORT", "30000")], "110000"),  # published: another month
        ([("AU", "LONG", "100000"), ("AG", "SHORT", "80000")], "180000"),  # another product
        ([("", "LONG", "100000"), ("", "SHORT", "80000")], "180000"),  # no group: both sides
        ([("", "LONG", "1"), ("AU", "LONG", "2"), ("AU", "SHORT", "5"), ("AG", "SHORT", "3")], "9"),
    ],
)
def test_of_a_group_the_larger_side_is_charged(held: list[tuple[str, str, str]], charge: str) -> None:
    assert charged((group, side, D(margin)) for group, side, margin in held) == D(charge)


@pytest.mark.parametrize(
    ("side", "margin", "more"),
    [("LONG", "30000", "30000"), ("SHORT", "20000", "0"), ("SHORT", "30000", "10000"), ("SHORT", "0", "0")],
)
def test_an_order_freezes_what_it_adds_to_the_charge(side: str, margin: str, more: str) -> None:
    assert increment([("AU", "LONG", D(100_000)), ("AU", "SHORT", D(80_000))], ("AU", side, D(margin))) == D(more)


def test_pending_opening_orders_count_on_their_side() -> None:
    held = [lot("1", margin="100000", margin_group="AU"), lot("1", id=2, side="SHORT", margin="80000", margin_group="AU")]
    account = state(lots=held)
    account.charge_margin()
    assert (account.margin, account.margin_to_freeze("AU", "SHORT", D(30_000))) == (D(100_000), D(10_000))
    account.pend("AU", "SHORT", D(30_000))
    assert account.margin_to_freeze("AU", "SHORT", D(5_000)) == D(5_000)  # the short side is the larger one now
    assert account.margin_to_freeze("AU", "LONG", D(5_000)) == D(0)
    assert account.margin_to_freeze("AG", "LONG", D(5_000)) == account.margin_to_freeze("", "LONG", D(5_000)) == D(5_000)
    account.pend("AU", "SHORT", D(-30_000))
    assert account.margin_to_freeze("AU", "SHORT", D(30_000)) == D(10_000)


@pytest.mark.parametrize(
    ("gross", "left", "share"), [("100.00", "3", "100.00"), ("100.00", "2", "66.67"), ("100.00", "1", "33.34"), ("100", "0", "0")]
)
def test_what_is_open_of_a_pending_order_counts_pro_rata(gross: str, left: str, share: str) -> None:
    assert open_share(D(gross), D(left), D(3)) == D(share)


@given(held=margined)
def test_a_charge_lies_between_the_larger_sides_and_the_sum(held: list[Margined]) -> None:
    total = sum((margin for _, _, margin in held), D(0))
    assert total / 2 <= charged(held) <= total
    assert charged(("", side, margin) for _, side, margin in held) == total


@given(held=margined, order=st.permutations(range(12)))
def test_a_charge_does_not_depend_on_the_order_of_the_lots(held: list[Margined], order: list[int]) -> None:
    shuffled = [held[place] for place in order if place < len(held)]
    assert charged(shuffled) == charged(held)


@given(held=margined, added=st.lists(st.tuples(st.sampled_from(GROUPS), st.sampled_from(SIDES), st.decimals(0, 10**6, places=2)), max_size=6))
def test_increments_one_after_the_other_are_the_charge_of_all(held: list[Margined], added: list[Margined]) -> None:
    before, total = charged(held), D(0)
    for one in added:
        more = increment(held, one)
        assert 0 <= more <= one[2]
        total += more
        held = [*held, one]
    assert charged(held) == before + total
