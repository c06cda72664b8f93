"""Deposits, orders, ticks, days and restarts in any order: the desk's books are those of a clerk who has only the rules (rules/futures.md §2, §4, §5)."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.proofs.both import Both, opened
from tests.proofs.machine import Books
from tradingdesk.kernel import money

pytestmark = pytest.mark.django_db
CALM = settings(deadline=None, database=None, print_blob=True, suppress_health_check=list(HealthCheck), stateful_step_count=40)
FEW, MANY = settings(CALM, max_examples=7, derandomize=True), settings(CALM, max_examples=270)
UNTIL_IT_SHOWS = settings(FEW, max_examples=20, phases=[Phase.generate], report_multiple_bugs=False)


def steps_of(stories: settings) -> int:
    """Tells stories; how many steps they had together."""
    Both.steps, Books.traded = 0, opened()
    run_state_machine_as_test(Books, settings=stories)
    return Both.steps


def test_a_desk_that_keeps_a_cent_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(money, "cents_up", money.cents_down)
    with pytest.raises(AssertionError, match=r"margin|frozen"):
        steps_of(UNTIL_IT_SHOWS)


def test_the_books_are_the_clerks() -> None:
    assert steps_of(FEW) >= 200


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_the_books_are_the_clerks_after_ten_thousand_steps() -> None:
    assert steps_of(MANY) >= 10_000
