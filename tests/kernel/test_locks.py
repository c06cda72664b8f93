"""A service waits for a lock with a bound; then it says that the account is busy, and nothing was changed."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import psycopg.errors
import pytest
from django.db import OperationalError, connection, transaction

from accounts.locks import lock_accounts
from accounts.services.cash import post_cash
from accounts.services.days import settle_accounts
from orders.services.cancellation import cancel_orders
from orders.services.placement import place_orders
from tests.conftest import OwnDatabase
from tests.factories.books import assert_books_are_right
from tests.factories.desk import Desk, funds
from tradingdesk.kernel.errors import LockTimeout
from tradingdesk.kernel.locks import ATTEMPTS, command


@contextmanager
def held(database: OwnDatabase, account_id: int) -> Iterator[None]:
    """Somebody else holds the account's lock."""
    with psycopg.connect(database.url) as other:
        other.execute("SELECT id FROM accounts_account WHERE id = %s FOR NO KEY UPDATE", [account_id])
        yield
        other.rollback()


@contextmanager
def impatient() -> Iterator[None]:
    """A short lock timeout on this connection, so that the test is short."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '50ms'")
    yield
    connection.close()


def test_what_meets_a_held_account_says_busy_and_changes_nothing(own_database: OwnDatabase, committed_desk: Desk) -> None:
    desk = committed_desk
    account = desk.account("100000")
    resting = desk.buy(account, 1, "1900.00")
    request = desk.request(account, "BUY", 1)
    before = funds(account)
    attempts = {
        "place": lambda: place_orders([request]),
        "cancel": lambda: cancel_orders([resting.order_id]),
        "cash": lambda: post_cash(account.pk, before.balance, reason="More"),
        "settle": lambda: settle_accounts([account.pk]),
    }
    with held(own_database, account.pk), impatient(), desk.now():
        for name, attempt in attempts.items():
            with pytest.raises(LockTimeout) as refusal:
                attempt()
            assert (refusal.value.reason_code, refusal.value.retryable, refusal.value.extra) == ("BUSY", True, {"attempts": ATTEMPTS}), name
    after = funds(account)
    assert (after.version, after.balance, after.frozen_margin) == (before.version, before.balance, before.frozen_margin)
    assert_books_are_right()


def test_whoever_waits_goes_on_once_the_lock_is_free(own_database: OwnDatabase, committed_desk: Desk) -> None:
    account = committed_desk.account("100000")
    with held(own_database, account.pk):
        pass
    assert committed_desk.buy(account, 1).status == "FILLED"


def test_an_order_for_another_account_does_not_wait(own_database: OwnDatabase, committed_desk: Desk) -> None:
    busy, free = committed_desk.account("100000"), committed_desk.account("100000")
    with held(own_database, busy.pk), impatient():
        assert committed_desk.buy(free, 1).status == "FILLED"


def error_of(cause: type[psycopg.Error]) -> OperationalError:
    error = OperationalError("database")
    error.__cause__ = cause("database")
    return error


@pytest.mark.django_db
@pytest.mark.parametrize(
    "cause", [psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure], ids=lambda c: c.__name__
)
def test_a_busy_database_is_tried_again_with_a_bound(cause: type[psycopg.Error]) -> None:
    calls = []

    @command
    def busy_twice() -> str:
        calls.append(connection.in_atomic_block)
        if len(calls) < ATTEMPTS:
            raise error_of(cause)
        return "done"

    @command
    def always_busy() -> None:
        calls.append(True)
        raise error_of(cause)

    assert busy_twice() == "done"
    assert calls == [True] * ATTEMPTS
    with pytest.raises(LockTimeout):
        always_busy()
    assert len(calls) == 2 * ATTEMPTS


@pytest.mark.django_db
def test_every_other_error_is_raised_at_once() -> None:
    calls = []

    @command
    def broken() -> None:
        calls.append(1)
        raise error_of(psycopg.errors.DiskFull)

    with pytest.raises(OperationalError):
        broken()
    assert len(calls) == 1


@pytest.mark.django_db
def test_a_service_is_the_outermost_transaction() -> None:
    @command
    def service() -> None: ...

    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        service()


def test_a_lock_outside_a_transaction_is_refused(own_database: OwnDatabase) -> None:
    with pytest.raises(AssertionError, match="outside a transaction"):
        lock_accounts([1])
