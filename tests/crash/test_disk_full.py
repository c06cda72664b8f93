"""No room left on the disk, for real: orders are refused with a word that says so, nothing is half done, reading goes on; with room again the desk goes on."""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest

from orders.models import Order
from settlement.models import SettlementRun
from tests.crash.campaign import signed_in
from tests.crash.checks import half_orders, wrong_books
from tests.crash.desk import CrashDesk, crash_desk
from tests.crash.machines import SETTINGS, machine, until
from tests.crash.small_disk import filled, small_disk
from tests.crash.traders import Trader
from tests.factories.books import broken_invariants
from tradingdesk.local import paths, postgres_files, unprivileged
from tradingdesk.local.postgres import Cluster, programs

TABLES_MEGABYTES, LOG_MEGABYTES = 64, 96
SMALL_LOG = {**SETTINGS, "min_wal_size": "32MB", "max_wal_size": "32MB"}
NOISE = "SELECT pg_logical_emit_message(false, 'noise', repeat('x', 4000000))"
MOST_ORDERS = 400
PIECES = ("web", "worker", "market")
_seeds = count(1)


@dataclass(frozen=True)
class Disks:
    """Of the tables, and of PostgreSQL's log of changes: each full, something else fails."""

    tables: Path
    log: Path


@pytest.fixture(scope="module")
def disks() -> Iterator[Disks]:
    folder = paths.var() / f"small-{os.getpid()}"
    with small_disk(folder / "tables", TABLES_MEGABYTES) as tables, small_disk(folder / "log", LOG_MEGABYTES) as log:
        yield Disks(tables, log)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def desk(disks: Disks, django_db_blocker: Any) -> Iterator[CrashDesk]:
    folder = paths.made(paths.var() / f"full-{os.getpid()}")
    cluster = Cluster(folder / "postgres", SMALL_LOG)
    postgres_files.prepare(cluster)
    create = f"CREATE TABLESPACE small OWNER desk_owner LOCATION '{disks.tables}';\n"
    unprivileged.run(programs() / "postgres", "--single", "-D", cluster.data, "-c", "exit_on_error=on", "postgres", text=create)
    unprivileged.run("/bin/mv", cluster.data / "pg_wal", disks.log / "pg_wal")
    unprivileged.run("/bin/ln", "-s", disks.log / "pg_wal", cluster.data / "pg_wal")
    with machine(folder, SMALL_LOG) as made, django_db_blocker.unblock(), crash_desk(made, accounts=4, tablespace="small") as running:
        yield running


@pytest.fixture
def trader(desk: CrashDesk) -> Iterator[Trader]:
    for name in PIECES:
        desk.start(name)
    until(desk.is_answering, what="the web process")
    seen = desk.standing().last_seq
    until(lambda: desk.standing().last_seq > seen, what="the first ticks")
    books = desk.books
    yield Trader(desk.port, signed_in(desk), [account.number for account in desk.accounts], books.gold.symbol, books.market.code, next(_seeds))
    desk.stop_all()


def deal_until_refused(trader: Trader) -> None:
    """Pages that are begun are filled up first; then nothing more can be written."""
    for _ in range(MOST_ORDERS):
        trader.deal()
        if trader.unanswered:
            return
    raise AssertionError("the disk never was full")


def test_while_the_disk_is_full_orders_are_refused_whole_and_everything_can_be_read(desk: CrashDesk, disks: Disks, trader: Trader) -> None:
    for _ in range(5):
        trader.deal()
    with filled(disks.tables):
        deal_until_refused(trader)
        status, body = trader.exchange("POST", "orders/", trader.ticket().body)
        assert (status, body["code"]) == (503, "DATABASE_FULL")
        assert "no room" in body["message"]
        assert half_orders() == {}
        assert broken_invariants() == {}
        number, stored = desk.accounts[0].number, Order.objects.count()
        for path in ("orders/", f"accounts/{number}/", f"accounts/{number}/positions/", f"accounts/{number}/entries/"):
            assert trader.exchange("GET", path)[0] == 200, path
        assert Order.objects.count() == stored
        assert trader.tickets[-1].outcome is None
    until(lambda: not trader.unanswered or trader.ask_again(), what="room")
    assert trader.tickets[-1].outcome is not None
    assert trader.faults == []
    assert_the_desk_goes_on(desk, trader)


def assert_the_desk_goes_on(desk: CrashDesk, trader: Trader) -> None:
    """The same processes quote, deal and settle."""
    seen = desk.standing().evaluated_seq
    until(lambda: desk.standing().evaluated_seq > seen + 20, what="ticks")
    for _ in range(5):
        trader.deal()
    assert trader.faults == []
    desk.call("settle", market_id=desk.market_id).wait()
    assert set(SettlementRun.objects.values_list("status", flat=True)) == {"DONE"}
    assert all(desk.running[name].is_running for name in PIECES)
    assert wrong_books(desk.market_id) == {}


def test_a_process_killed_while_the_disk_is_full_leaves_nothing_behind(desk: CrashDesk, disks: Disks, trader: Trader) -> None:
    with filled(disks.tables):
        deal_until_refused(trader)
        for name in PIECES:
            desk.kill(name)
            desk.start(name)
        until(lambda: trader.exchange("GET", "orders/")[0] == 200, what="the web process")
        assert half_orders() == {}
        assert broken_invariants() == {}
    until(lambda: not trader.unanswered or trader.ask_again(), what="room")
    assert_the_desk_goes_on(desk, trader)


def test_postgresql_that_cannot_write_its_log_is_away_until_it_can(desk: CrashDesk, disks: Disks, trader: Trader) -> None:
    """It stops rather than promise what it cannot keep, and its keeper tries again for as long as it takes."""
    for _ in range(5):
        trader.deal()
    with filled(disks.log):
        make_noise(desk)
        until(lambda: trader.exchange("GET", "orders/")[0] == 503, what="the end of PostgreSQL")
        trader.deal()
        assert trader.tickets[-1].outcome is None
    until(lambda: not trader.unanswered or trader.ask_again(), seconds=40, what="PostgreSQL")
    assert_the_desk_goes_on(desk, trader)


def make_noise(desk: CrashDesk) -> None:
    """Changes that are nobody's, until PostgreSQL has no room to note them and takes our connection with it."""
    with suppress(psycopg.OperationalError), desk.machine.owner(desk.database) as owner:
        for _ in range(LOG_MEGABYTES):
            owner.execute(NOISE)
        raise AssertionError("there was room for everything")
