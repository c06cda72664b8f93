"""Killed between any two statements of a command, and just before and after its commit: all of it is there, or nothing is.

The command runs in a process of its own and stands still inside PostgreSQL at its n-th writing statement, for every n there is, the commit included. Killed
is the process, the backend that works for it, or PostgreSQL whole.
"""

import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.db import connection

from orders.enums import OrderStatus, Side
from orders.models import Order
from quotes.domain.ticks import Tick
from quotes.models import Listing, Market
from quotes.services.ticks import record
from tests.crash import pauses
from tests.crash.checks import half_orders
from tests.crash.desk import CrashDesk, patient, send
from tests.crash.machines import Process, until
from tests.factories.books import assert_books_are_right
from tradingdesk.kernel import sql

MOST_PLACES = 80
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename ~ '^(orders|accounts|settlement)_' ORDER BY 1"
Start = Callable[[], Process]


@dataclass
class Still:
    """A desk without processes, whose quotes do not age, in a database that stands still on demand."""

    desk: CrashDesk
    owner: psycopg.Connection[Any]

    def tick(self, bid: str, ask: str, *, days: int = 0) -> None:
        """Recorded, and seen by nobody yet."""
        books = self.desk.books
        books.at += timedelta(seconds=1, days=days)
        record(books.market.pk, books.gold.pk, [Tick(0, books.at, Decimal(bid), Decimal(ask))], "test")

    def place(self, side: Side, limit: str | None = None, **fields: Any) -> Start:
        """An order of the first account; started again it is the same one."""
        request = self.desk.books.request(self.desk.accounts[0], side, 2, limit, **fields)
        given = {name: getattr(request, name) for name in request.__slots__}
        numbers = {"quantity": str(request.quantity), "limit_price": limit}
        return lambda: self.desk.call("place", **{**given, **numbers})

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


@pytest.fixture
def still(killable: CrashDesk) -> Any:
    killable.books.market.refresh_from_db()
    Market.objects.filter(pk=killable.market_id).update(feed="")
    Listing.objects.update(max_quote_age_seconds=100_000_000, max_jump_rate=0)
    owner = killable.machine.owner(killable.database)
    pauses.install(owner)
    made = Still(killable, owner)
    made.tick("2000.00", "2000.50")
    yield made
    made.owner.close()


def killed_everywhere(still: Still, start: Start, is_done: Callable[[], bool], victim: str, *, every: int = 1) -> int:
    """Kills the command at each place in turn, checks that nothing or all of it is there, and lets it end. How many places there were."""
    before = still.fingerprint()
    for place in range(1, MOST_PLACES):
        if place % every and place > 1:
            continue
        with pauses.pause(still.owner, place):
            process = start()
            backend = pauses.wait_for(still.owner, lambda process=process: not process.is_running)
            if backend is None:
                assert is_done(), (place, still.desk.machine.forks.log_of("command").read_text()[-2000:])
                return place - 1
            still.strike(victim, process, backend)
        with suppress(psycopg.Error):
            until(lambda: pauses.standing_still(still.owner) is None, what="the end of the transaction")
        until(lambda: is_free(still), what="the end of the transaction")
        assert is_done() or still.fingerprint() == before, place
        assert half_orders() == {}, place
    raise AssertionError("there is no end of places")


def is_free(still: Still) -> bool:
    """Whether no transaction of the command is open any more."""
    with still.desk.machine.app(still.desk.database) as observer:
        rows = observer.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'command' AND datname = current_database()"
        ).fetchone()
    return rows == (0,)


def is_filled(order_number: str) -> bool:
    return Order.objects.filter(client_order_id=order_number, status=OrderStatus.FILLED).exists()


def test_a_market_order(still: Still) -> None:
    start = still.place(Side.BUY, client_order_id="once")
    places = killed_everywhere(still, start, lambda: is_filled("once"), "process")
    assert places >= 8  # order, funds, freeze, fill, lot, lot change, journal, entries, events, commit: not blind
    still.done(start)
    assert Order.objects.count() == 1
    assert_books_are_right()
