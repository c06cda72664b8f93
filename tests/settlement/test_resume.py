"""A settlement that was cut short anywhere goes on from there and ends where an undisturbed one ends; one account never stops the others."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection

from accounts.models import Account, AccountDay, Entry
from settlement.exceptions import DayNotSettleable, SettlementIncomplete, SettlementRunning
from settlement.models import SettlementRun, SettlementStep
from settlement.services import run as running
from settlement.services import steps
from settlement.services.run import settle
from tests.conftest import OwnDatabase
from tests.factories.books import assert_books_are_right
from tests.factories.desk import MONDAY, Desk, funds, make_desk
from tradingdesk.kernel.locks import AdvisoryLock

NAMES = [str(name) for name, _ in running.STEPS]


class Killed(BaseException):
    """The process ends here: nothing catches it."""


def trading(desk: Desk) -> list[Account]:
    """Five accounts with lots, resting orders and money moved on Monday."""
    accounts = [desk.account(str(100_000 + 1000 * number)) for number in range(5)]
    for number, account in enumerate(accounts):
        desk.place([desk.request(account, "SELL" if number % 2 else "BUY", number % 3 + 1)])
        desk.buy(account, 1, "1900.00", time_in_force="DAY" if number % 2 else "GTC")
    desk.quote("2010.00", "2010.50")
    return accounts


def result(run: SettlementRun) -> tuple[Any, ...]:
    days = AccountDay.objects.filter(trading_day=run.trading_day, market=run.market).order_by("account_id")
    return run.status, run.accounts, run.totals, list(days.values_list("closing_balance", "frozen", "margin", "lots", "account_version"))


def kill(monkeypatch: pytest.MonkeyPatch, index: int, *, after: bool) -> None:
    """The process dies just before this step does anything, or just after it did everything."""
    name, step = running.STEPS[index]

    def dying(run: SettlementRun) -> dict[str, Any]:
        if after:
            step(run)
        raise Killed

    monkeypatch.setattr(running, "STEPS", (*running.STEPS[:index], (name, dying), *running.STEPS[index + 1 :]))


@pytest.fixture
def undisturbed(desk: Desk) -> tuple[Any, ...]:
    """What an undisturbed settlement of the same trading gives, in another market."""
    other = make_desk(market_code="UNDISTURBED")
    trading(other)
    with other.now():
        return result(settle(other.market.pk))


@pytest.mark.django_db
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("index", range(len(NAMES)), ids=NAMES)
def test_killed_at_a_step_it_goes_on_and_ends_the_same(
    desk: Desk, undisturbed: tuple[Any, ...], index: int, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    trading(desk)
    with monkeypatch.context() as patched, desk.now():
        kill(patched, index, after=after)
        with pytest.raises(Killed):
            settle(desk.market.pk, MONDAY.date())
    run = SettlementRun.objects.get(market=desk.market)
    assert (run.status, list(run.steps.values_list("name", flat=True))) == ("RUNNING", NAMES[:index])
    assert_books_are_right()
    with desk.now():
        assert result(settle(desk.market.pk, MONDAY.date())) == undisturbed
    assert list(run.steps.values_list("name", flat=True)) == NAMES
    assert_books_are_right()


@pytest.mark.django_db
@pytest.mark.parametrize("settled", range(5))
def test_killed_between_accounts_each_is_settled_once(
    desk: Desk, undisturbed: tuple[Any, ...], settled: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    trading(desk)
    left = iter(range(settled))
    original: Callable[..., int] = steps.settle_accounts

    def until_killed(account_ids: list[int]) -> int:
        if next(left, None) is None:
            raise Killed
        return original(account_ids)

    with monkeypatch.context() as patched, desk.now():
        patched.setattr(steps, "CHUNK", 1)
        patched.setattr(steps, "settle_accounts", until_killed)
        with pytest.raises(Killed):
            settle(desk.market.pk)
    assert AccountDay.objects.filter(market=desk.market).count() == settled
    with desk.now():
        assert result(settle(desk.market.pk, MONDAY.date())) == undisturbed
    assert_books_are_right()


@pytest.mark.django_db
def test_a_day_that_was_never_finished_is_settled_before_the_next(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    account = trading(desk)[0]
    with monkeypatch.context() as patched, desk.now():
        kill(patched, NAMES.index("MARK"), after=False)
        with suppress(Killed):
            settle(desk.market.pk)
    desk.quote("2020.00", "2020.50", seconds=86_400)
    with desk.now():
        with pytest.raises(DayNotSettleable):
            settle(desk.market.pk, MONDAY.date() + timedelta(days=1))
        late = settle(desk.market.pk)
        settle(desk.market.pk)
    days = list(AccountDay.objects.filter(account=account).order_by("trading_day"))
    assert [day.trading_day for day in days] == [MONDAY.date(), MONDAY.date() + timedelta(days=1)]
    assert days[1].opening_balance == days[0].closing_balance
    assert (late.status, late.accounts) == ("DONE", 5)
    assert all(proof.difference == 0 for run in SettlementRun.objects.all() for proof in run.proofs.all())
    assert_books_are_right()


def test_a_busy_account_does_not_stop_the_others_and_is_settled_later(own_database: OwnDatabase, committed_desk: Desk) -> None:
    desk = committed_desk
    accounts = trading(desk)
    busy = accounts[2]
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '20ms'")
    with psycopg.connect(own_database.url) as other, desk.now():
        other.execute("SELECT 1 FROM accounts_account WHERE id = %s FOR NO KEY UPDATE", [busy.pk])
        with pytest.raises(SettlementIncomplete) as refusal:
            settle(desk.market.pk)
        other.rollback()
    assert refusal.value.extra == {"accounts": [busy.pk], "settled": 4}
    assert refusal.value.retryable
    assert {a.pk for a in accounts if funds(a).settled_through == MONDAY.date()} == {a.pk for a in accounts} - {busy.pk}
    assert list(SettlementStep.objects.values_list("name", flat=True)) == ["PRICES"]
    assert_books_are_right()
    with desk.now():
        run = settle(desk.market.pk, MONDAY.date())
    assert (run.status, run.accounts, funds(busy).settled_through) == ("DONE", 5, MONDAY.date())
    assert run.steps.get(name="PROOF").detail["differences"] == []
    assert_books_are_right()


def test_two_settlements_of_one_market_do_not_run_at_once(own_database: OwnDatabase, committed_desk: Desk) -> None:
    with psycopg.connect(own_database.url) as other:
        other.execute("SELECT pg_advisory_lock(%s, %s)", [AdvisoryLock.SETTLEMENT, committed_desk.market.pk])
        with committed_desk.now(), pytest.raises(SettlementRunning):
            settle(committed_desk.market.pk)
    assert (SettlementRun.objects.count(), Entry.objects.count()) == (0, 0)
    with committed_desk.now():
        assert settle(committed_desk.market.pk).status == "DONE"


@pytest.mark.django_db
def test_the_lock_is_given_back_after_a_failure(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched, desk.now():
        kill(patched, 0, after=False)
        for _ in range(2):
            with pytest.raises(Killed):
                settle(desk.market.pk, MONDAY.date())
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s", [AdvisoryLock.SETTLEMENT])
        assert cursor.fetchone() == (0,)
