"""`verify`, `ledger_verify` and the nightly job: what differs becomes breaks, told once, never repaired; all checks see one instant."""

import json
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from accounts.models import Account
from orders.models import Order
from settlement import selectors
from settlement.checks import CHECKS
from settlement.enums import BreakKind, VerificationSource
from settlement.exceptions import VerificationRunning
from settlement.models import Break, Verification
from settlement.services.run import settle
from settlement.services.verification import EVERYWHERE, record, verify
from settlement.tasks import verify_books
from tests.conftest import OwnDatabase, as_role
from tests.factories.books import assert_books_are_right
from tests.factories.desk import MONDAY, Desk, funds, make_desk
from tests.race.threads import together
from tradingdesk.kernel import clock
from tradingdesk.kernel.errors import NotFound
from tradingdesk.kernel.locks import AdvisoryLock
from tradingdesk.kernel.session_locks import SessionLocks
from tradingdesk.schedules import SCHEDULES

BY_SCHEDULE = VerificationSource.SCHEDULE


@pytest.fixture
def account(committed_desk: Desk) -> Account:
    """100,000.00 and one lot bought at 2000.50: balance 99,995.00 after the fee, margin 10,002.50; one order rests."""
    account = committed_desk.account()
    committed_desk.buy(account, 1)
    committed_desk.buy(account, 1, "1900.00")
    return account


def misstate(account: Account, by: str = "10") -> None:
    """The stored balance moves without an entry: nobody but the owner can do that, with the guards off."""
    as_role("owner")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_accountfunds DISABLE TRIGGER USER")
        cursor.execute("UPDATE accounts_accountfunds SET balance = balance + %s WHERE account_id = %s", [by, account.pk])
        cursor.execute("ALTER TABLE accounts_accountfunds ENABLE TRIGGER USER")
    as_role("app")


def command(*arguments: str) -> tuple[int, str]:
    """Exit status and standard output of ledger_verify."""
    out = StringIO()
    try:
        call_command("ledger_verify", *arguments, stdout=out)
    except CommandError as error:
        return error.returncode, out.getvalue()
    return 0, out.getvalue()


def test_right_books_have_no_breaks_and_the_verification_says_what_it_looked_at(committed_desk: Desk, account: Account) -> None:
    with committed_desk.now():
        settle(committed_desk.market.pk)
    found = verify(source=BY_SCHEDULE)
    assert (found.found, found.new, found.gone, found.source, found.actor, found.market) == (0, 0, 0, "SCHEDULE", None, None)
    # deposit, fee, holding P&L: three journals of two lines each
    assert (found.rows_by_table["accounts_entry"], found.rows_by_table["accounts_accountday"]) == (6, 1)
    assert found.rows == sum(found.rows_by_table.values())
    assert not Break.objects.exists()


def test_a_difference_becomes_a_break_and_nothing_is_repaired(account: Account) -> None:
    misstate(account)
    verification = verify(source=BY_SCHEDULE)
    one = Break.objects.get()
    assert (one.kind, one.market, one.account, one.object_id) == (BreakKind.BALANCE, account.market, account, account.pk)
    assert (one.stored, one.recomputed, one.difference) == ("100005", "99995", 10)
    assert (one.first_verification, one.last_verification, one.gone_at) == (verification, verification, None)
    assert (verification.found, verification.new) == (1, 1)
    assert funds(account).balance == 100_005


def test_found_again_it_is_the_same_break_with_the_figures_found_last(account: Account) -> None:
    misstate(account)
    first = verify(source=BY_SCHEDULE)
    misstate(account)
    with clock.fixed(MONDAY + timedelta(days=1)):
        second = verify(source=BY_SCHEDULE)
    one = Break.objects.get()
    assert (one.first_verification, one.last_verification) == (first, second)
    assert (one.first_found_at, one.last_found_at) == (MONDAY, MONDAY + timedelta(days=1))
    assert (one.stored, one.difference) == ("100015", 20)
    assert (second.found, second.new) == (1, 0)


def test_not_found_any_more_it_is_gone_and_found_once_more_it_is_another(account: Account) -> None:
    misstate(account)
    verify(source=BY_SCHEDULE)
    misstate(account, "-10")
    assert verify(source=BY_SCHEDULE).gone == 1
    assert (Break.objects.get().gone_at, selectors.open_breaks()) == (MONDAY, 0)
    assert verify(source=BY_SCHEDULE).gone == 0
    misstate(account)
    assert verify(source=BY_SCHEDULE).new == 1
    assert (Break.objects.count(), selectors.open_breaks()) == (2, 1)


def test_one_market_s_verification_leaves_the_breaks_of_others_alone(account: Account) -> None:
    other = make_desk(market_code="OTHER").account()
    misstate(account)
    misstate(other)
    assert verify(other.market_id, source=BY_SCHEDULE).found == 1
    assert Break.objects.get().account == other
    verify(source=BY_SCHEDULE)
    misstate(account, "-10")
    misstate(other, "-10")
    assert verify(other.market_id, source=BY_SCHEDULE).gone == 1
    assert Break.objects.get(gone_at=None).account == account


def test_a_break_of_a_row_that_names_nobody_is_kept(account: Account) -> None:
    # Given a difference found in a row whose account and market, keys that the database does not check, do not exist
    lost = selectors.Difference(BreakKind.FILL_UNBOOKED, 4711, 4712, 1, "", "none", "one")
    record([lost], {}, market_id=None, source=BY_SCHEDULE, started_at=MONDAY)
    one = Break.objects.get()
    assert (one.market, one.account, one.object_id, one.difference) == (None, None, 1, None)


def test_an_unknown_market_is_refused(account: Account) -> None:
    with pytest.raises(NotFound):
        verify(4711, source=BY_SCHEDULE)
    assert not Verification.objects.exists()


class TradedMeanwhile(dict):
    """The checks; once the first of them has been made, somebody trades."""

    def __init__(self, trade: Any) -> None:
        super().__init__(CHECKS)
        self.trade = trade

    def items(self) -> Iterator[Any]:  # type: ignore[override]
        first, *others = super().items()
        yield first
        self.trade()
        yield from others


@pytest.fixture
def traded_meanwhile(committed_desk: Desk, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """Orders are filled, rest and are settled in the middle of every verification."""

    def trade() -> None:
        assert together(committed_desk, lambda: committed_desk.buy(account, 2).status) == ["FILLED"]

    monkeypatch.setattr(selectors, "CHECKS", TradedMeanwhile(trade))


@pytest.mark.usefixtures("traded_meanwhile")
def test_a_trade_committed_meanwhile_is_not_half_seen(account: Account) -> None:
    before = Order.objects.count()
    verification = verify(source=BY_SCHEDULE)
    # Then it was made, and neither the checks nor the counts after it saw any of it
    assert Order.objects.count() == before + 1
    assert (verification.found, verification.rows_by_table["orders_order"]) == (0, before)
    assert_books_are_right()


@pytest.mark.usefixtures("traded_meanwhile")
def test_without_the_snapshot_each_check_would_see_another_instant(account: Account) -> None:
    before = Order.objects.count()
    selectors.differences()
    assert selectors.rows_by_table()["orders_order"] == before + 1


def test_the_snapshot_can_only_read(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors, "CHECKS", TradedMeanwhile(lambda: Account.objects.update(name="Written")))
    with pytest.raises(Exception, match="read-only transaction"):
        verify(source=BY_SCHEDULE)
    assert funds(account).balance == 99_995
    assert not Verification.objects.exists()


def test_one_verification_at_a_time(account: Account) -> None:
    misstate(account)
    with SessionLocks("another") as locks:
        assert locks.take(AdvisoryLock.VERIFICATION, EVERYWHERE)
        with pytest.raises(VerificationRunning):
            verify(source=BY_SCHEDULE)
        with pytest.raises(VerificationRunning):
            verify_books()
        assert command() == (2, "")
    assert not Verification.objects.exists()
    assert verify_books() == 1


def test_the_job_is_in_the_schedule_at_a_time_of_day() -> None:
    [job] = [schedule for schedule in SCHEDULES if schedule["task"] == verify_books.name]
    assert "daily_at" in job


def test_the_command_says_that_all_is_right(account: Account) -> None:
    status, printed = command()
    assert status == 0
    assert printed.endswith("0 breaks, 0 new; 0 gone.\n")
    assert Verification.objects.get().source == "COMMAND"


def test_the_command_lists_the_breaks_and_ends_with_1(account: Account) -> None:
    misstate(account)
    status, printed = command("--market", "TEST")
    assert status == 1
    heading, line, summary = printed.splitlines()
    assert heading.split() == ["MARKET", "ACCOUNT", "WHAT", "FOUND"]
    assert line.split("  ")[0] == "TEST"
    assert account.number in line
    assert line.endswith("The balance is 100,005; the account's entries add up to 99,995.")
    assert "1 break, 1 new" in summary
    assert (Verification.objects.get().market, funds(account).balance) == (account.market, 100_005)


def test_the_command_s_json_holds_the_same(account: Account) -> None:
    misstate(account)
    status, printed = command("--json")
    report = json.loads(printed)
    assert status == 1
    assert (report["market"], report["found"], report["new"], report["gone"]) == (None, 1, 1, 0)
    assert report["rows"]["accounts_entry"] == 4
    [one] = report["breaks"]
    assert (one["kind"], one["account"], one["object"], one["object_id"]) == ("BALANCE", account.number, "accounts.account", account.pk)
    assert (one["stored"], one["recomputed"], one["difference"]) == ("100005", "99995", "10")
    status, printed = command("--json", "--market", "TEST")
    assert (json.loads(printed)["market"], json.loads(printed)["new"]) == ("TEST", 0)


def test_the_command_refuses_an_unknown_market_in_one_line(account: Account) -> None:
    with pytest.raises(CommandError, match="UNKNOWN_MARKET") as refusal:
        call_command("ledger_verify", "--market", "NOWHERE")
    assert refusal.value.returncode == 2
    assert not Verification.objects.exists()


def test_a_database_that_is_away_is_not_taken_for_breaks(own_database: OwnDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    connection.close()
    with monkeypatch.context() as patched:
        patched.setitem(connection.settings_dict, "NAME", "nowhere")
        for arguments in ([], ["--market", "TEST"], ["--json"]):
            assert command(*arguments) == (2, "")
        connection.close()
