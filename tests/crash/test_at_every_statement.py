"""Killed between any two statements of a command, and just before and after its commit: all of it is there, or nothing is.

The command runs in a process of its own and stands still inside PostgreSQL at its n-th writing statement, for every n there is, the commit included. Killed
is the process, the backend that works for it, or PostgreSQL whole.
"""

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.db import connection

from accounts.models import Account, Journal
from orders.enums import Effect, OrderStatus, Side
from orders.models import Order
from quotes.domain.ticks import Tick
from quotes.models import Listing, Market
from quotes.services.ticks import record
from settlement.models import SettlementRun
from tests.crash import pauses
from tests.crash.checks import half_orders, wrong_books
from tests.crash.desk import CASH, CrashDesk, crash_desk, patient, send
from tests.crash.machines import Machine, Process, until
from tests.factories.books import broken_invariants
from tradingdesk.kernel import sql

MOST_PLACES = 80
SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'command' AND datname = current_database()"
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename ~ '^(orders|accounts|settlement)_' ORDER BY 1"
Start = Callable[[], Process]


@dataclass
class Still:
    """A desk without processes, whose quotes do not age, in a database that stands still on demand."""

    desk: CrashDesk
    owner: psycopg.Connection[Any]
    account: Account

    def tick(self, bid: str, ask: str, *, days: int = 0) -> None:
        """Recorded, and seen by nobody yet."""
        books = self.desk.books
        books.at += timedelta(seconds=1, days=days)
        record(books.market.pk, books.gold.pk, [Tick(0, books.at, Decimal(bid), Decimal(ask))], "test")

    def place(self, side: Side, limit: str | None = None, *, defects: tuple[str, ...] = (), **fields: Any) -> Start:
        """An order of the account; started again it is the same one."""
        request = self.desk.books.request(self.account, side, 2, limit, **fields)
        given = {name: getattr(request, name) for name in request.__slots__}
        numbers = {"quantity": str(request.quantity), "limit_price": limit}
        return lambda: self.desk.call("place", defects=defects, **{**given, **numbers})

    def status_of(self, client_order_id: str) -> str:
        """Of the account's order; empty where there is none."""
        found = Order.objects.filter(account=self.account, client_order_id=client_order_id)
        return str(found.values_list("status", flat=True).first() or "")

    def done(self, start: Start) -> None:
        """Runs the command to its end."""
        start().wait()

    def fingerprint(self) -> dict[str, str]:
        """Every row of the books, as one text per table."""
        names = [name for (name,) in sql.fetch_all(TABLES)]
        return {name: str(sql.fetch_all(f"SELECT md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM {name} t")[0][0]) for name in names}

    def strike(self, victim: str, process: Process, backend: int) -> None:
        """SIGKILL, and the recovery of whatever it took down."""
        postmaster = self.desk.machine.postmaster
        if victim == "process":
            process.kill()
            return
        send(backend if victim == "backend" else postmaster, signal.SIGKILL)
        until(lambda: self.is_cut(), what="the end of our own connection")
        self.owner.close()
        self.owner = patient(lambda: self.desk.machine.owner(self.desk.database))
        connection.close()
        process.wait()

    def is_cut(self) -> bool:
        try:
            self.owner.execute("SELECT 1")
        except psycopg.Error:
            return True
        return False


@pytest.fixture(scope="module")
def shared(crash_machine: Machine, django_db_blocker: Any) -> Iterator[Still]:
    """One desk for all cases: each has an account of its own."""
    with django_db_blocker.unblock(), crash_desk(crash_machine, accounts=0) as desk:
        yield from standing_still(desk)


@pytest.fixture
def still(shared: Still) -> Still:
    shared.account = shared.desk.books.account(CASH)
    shared.tick("2000.00", "2000.50")
    return shared


@pytest.fixture
def own_still(crash_machine: Machine, django_db_blocker: Any) -> Iterator[Still]:
    """A desk of the test's own: for days that end, and for faults."""
    with django_db_blocker.unblock(), crash_desk(crash_machine, accounts=1) as desk:
        yield from standing_still(desk)


def standing_still(desk: CrashDesk) -> Iterator[Still]:
    Market.objects.filter(pk=desk.market_id).update(feed="")
    Listing.objects.update(max_quote_age_seconds=100_000_000, max_jump_rate=0)
    with desk.machine.owner(desk.database) as owner:
        pauses.install(owner)
    made = Still(desk, desk.machine.owner(desk.database), desk.books.account(CASH))
    made.tick("2000.00", "2000.50")
    yield made
    made.owner.close()


@dataclass(frozen=True)
class Case:
    """A command that can be started again and again; `is_done` says that all of it is there. `fewest` places make it sure that the pauses are not blind."""

    start: Start
    is_done: Callable[[], bool]
    fewest: int


def market_order(still: Still) -> Case:
    """Order, funds, freeze, frozen, fill, freeze, lot, change, journal, entries, funds, order, events; each but the last before a commit."""
    return Case(still.place(Side.BUY, client_order_id="once"), lambda: still.status_of("once") == OrderStatus.FILLED, 12)


def resting_order(still: Still) -> Case:
    return Case(still.place(Side.BUY, "1990.00", client_order_id="once"), lambda: still.status_of("once") == OrderStatus.WORKING, 6)


def closing_order(still: Still) -> Case:
    still.done(still.place(Side.BUY, client_order_id="opened"))
    close = still.place(Side.SELL, effect=Effect.CLOSE, client_order_id="once")
    return Case(close, lambda: still.status_of("once") == OrderStatus.FILLED, 12)


def cancel(still: Still) -> Case:
    still.done(still.place(Side.BUY, "1990.00", client_order_id="once"))
    order_id = Order.objects.get(account=still.account, client_order_id="once").pk
    return Case(lambda: still.desk.call("cancel", order_id=order_id), lambda: still.status_of("once") == OrderStatus.CANCELED, 4)


def cash(still: Still) -> Case:
    account, asked = still.account.pk, f"once {still.account.pk}"
    start = lambda: still.desk.call("cash", account_id=account, amount="123.45", asked=asked)  # noqa: E731
    return Case(start, lambda: Journal.objects.filter(request_id=asked).exists(), 3)


def fill_of_a_resting_order(still: Still) -> Case:
    still.done(still.place(Side.BUY, "1990.00", client_order_id="once"))
    still.tick("1985.00", "1985.50")
    books = still.desk.books
    start = lambda: still.desk.call("evaluate", market_id=books.market.pk, instrument_id=books.gold.pk)  # noqa: E731
    return Case(start, lambda: still.status_of("once") == OrderStatus.FILLED, 10)


CASES = (market_order, resting_order, closing_order, cancel, cash, fill_of_a_resting_order)


def killed_at(still: Still, case: Case, place: int, victim: str) -> bool:
    """Whether the command came to its n-th place and was killed there; else it has ended."""
    with pauses.pause(still.owner, place):
        process = case.start()
        backend = pauses.wait_for(still.owner, lambda: not process.is_running)
        if backend is None:
            return False
        still.strike(victim, process, backend)
    until(lambda: is_free(still), what="the end of the transaction")
    return True


def is_free(still: Still) -> bool:
    """Whether no session of the command is left."""
    with still.desk.machine.app(still.desk.database) as observer:
        return observer.execute(SESSIONS).fetchone() == (0,)


def killed_everywhere(still: Still, case: Case, victim: str, *, every: int = 1) -> None:
    """Kills the command at each place (or each n-th, and the first), and lets it end at last: nothing or all of it is there, and it is there once."""
    before = still.fingerprint()
    places = 0
    for place in range(1, MOST_PLACES):
        if place > 1 and place % every:
            continue
        if not killed_at(still, case, place, victim):
            break
        places = place
        assert half_orders() == {}, place
        assert case.is_done() or still.fingerprint() == before, place
    assert case.fewest <= places + every, f"only {places} places"
    assert case.is_done(), still.desk.machine.forks.log_of("command").read_text()[-2000:]
    after = still.fingerprint()
    still.done(case.start)
    assert still.fingerprint() == after
    assert wrong_books(still.desk.market_id) == {}


@pytest.mark.parametrize("case", CASES)
def test_a_process_killed_between_statements_leaves_nothing_or_all(still: Still, case: Callable[[Still], Case]) -> None:
    killed_everywhere(still, case(still), "process", every=1 if case is market_order else 3)


@pytest.mark.parametrize("victim", ["backend", "postmaster"])
def test_postgresql_killed_between_statements_leaves_nothing_or_all(still: Still, victim: str) -> None:
    killed_everywhere(still, market_order(still), victim, every=5)


@pytest.mark.soak
@pytest.mark.parametrize(("victim", "every"), [("process", 1), ("backend", 2), ("postmaster", 4)])
@pytest.mark.parametrize("case", CASES)
def test_whoever_is_killed_between_any_statements_nothing_or_all_is_there(
    still: Still, case: Callable[[Still], Case], victim: str, every: int
) -> None:
    killed_everywhere(still, case(still), victim, every=every)


@pytest.mark.parametrize("case", CASES)
def test_killed_after_its_commit_and_before_its_answer_a_command_has_happened_once(still: Still, case: Callable[[Still], Case]) -> None:
    """Redis stands still, so whoever has committed waits there, for a second, before it answers."""
    made, redis = case(still), still.desk.machine.redis_server
    assert redis is not None
    redis.send_signal(signal.SIGSTOP)
    try:
        process = made.start()
        until(made.is_done, what="the commit")
        assert process.is_running
        process.kill()
    finally:
        redis.send_signal(signal.SIGCONT)
    after = still.fingerprint()
    still.done(made.start)
    assert still.fingerprint() == after
    assert wrong_books(still.desk.market_id) == {}


def traded_day(still: Still) -> str:
    """A position, a resting order that ends with the day and one that does not; then the next day has begun. The day."""
    number = still.desk.books.at.toordinal()
    still.done(still.place(Side.BUY, client_order_id=f"lots {number}"))
    for time_in_force in ("DAY", "GTC"):
        still.done(still.place(Side.BUY, "1900.00", time_in_force=time_in_force, client_order_id=f"{time_in_force} {number}"))
    day = still.desk.books.at.date().isoformat()
    still.tick("2000.00", "2000.50", days=1)
    return day


def test_a_settlement_killed_between_statements_goes_on_and_adds_up(own_still: Still) -> None:
    settled_though_killed(own_still, every=10)


@pytest.mark.soak
def test_a_settlement_killed_between_any_statements(own_still: Still) -> None:
    settled_though_killed(own_still, every=1)


def settled_though_killed(still: Still, *, every: int) -> None:
    """Each day's settlement is killed at a later place; each time it is started again, and the day is settled once."""
    days, place = 0, 1
    while True:
        day = traded_day(still)
        days += 1
        settle = Case(lambda day=day: still.desk.call("settle", market_id=still.desk.market_id, day=day), lambda: True, 12)
        was_killed = killed_at(still, settle, place, "process")
        assert half_orders() == {}
        assert broken_invariants() == {}
        still.done(settle.start)
        runs = list(SettlementRun.objects.values_list("status", flat=True))
        assert runs == ["DONE"] * days, still.desk.machine.forks.log_of("command").read_text()[-2000:]
        assert wrong_books(still.desk.market_id) == {}, place
        if not was_killed:
            break
        place += every
    assert place > settle.fewest


def test_the_control_an_order_in_two_transactions_is_found_out(own_still: Still) -> None:
    """What all of the above would say if orders were written in two transactions: an order that was begun for ever, without its fill."""
    for (table,) in sql.fetch_all(TABLES):
        own_still.owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")  # what PostgreSQL would not let pass is not the harness's find
    process = own_still.place(Side.BUY, client_order_id="once", defects=("two_transactions",))()
    until(lambda: Order.objects.filter(client_order_id="once").exists() or not process.is_running, what="the first of the two")
    assert process.is_running, own_still.desk.machine.forks.log_of("command").read_text()[-2000:]
    process.kill()
    assert {"an order was committed half way", "an order has not begun with its first step"} <= half_orders().keys()
    assert broken_invariants() != {}
