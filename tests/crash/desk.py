"""The desk that is killed: one market whose days pass in seconds, funded accounts, and the processes of the desk by name."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import dj_database_url
import psycopg
from django.db import Error, connection

from accounts.models import Account
from quotes.enums import MarketClock
from quotes.models import LatestQuote, Listing, Market
from tests.crash.forkserver import FEED
from tests.crash.machines import Machine, Process, until
from tests.factories.desk import Desk, make_desk

ACCOUNTS = 12
CASH = "1000000"
LOTS_PER_QUOTE = 2  # so that orders of three are filled in parts
DAYS_PER_SECOND = 0.25
PRICES = {"seed": 11, "ticks_per_second": "40", "volatility": "5"}  # some 40 cents from tick to tick: limits near the price are met within a second
WORKER = ("--quiet", "-A", "tradingdesk", "worker", "-l", "WARNING", "-Q", "settlement,sweeps", "-c", "1", "--without-gossip", "--without-mingle")
QUEUES = ("settlement", "sweeps")
BUSY = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = ANY(%s) AND pid <> pg_backend_pid()
    AND xact_start IS NOT NULL AND (state = 'idle in transaction' OR state = 'active' AND backend_xid IS NOT NULL)"""
_numbers = count(1)


@dataclass
class CrashDesk:
    """`books` makes rows through services; the processes work on them."""

    machine: Machine
    database: str
    books: Desk
    accounts: list[Account]
    port: int
    running: dict[str, Process] = field(default_factory=dict)

    @property
    def market_id(self) -> int:
        return int(self.books.market.pk)

    def start(self, name: str, *, defects: tuple[str, ...] = ()) -> Process:
        """`web`, `worker`, `market` or another name of theirs with a number behind it."""
        role, arguments = self._command(name)
        self.running[name] = self.machine.forks.start(role, *arguments, name=name, database=self.database, defects=defects)
        return self.running[name]

    def call(self, function: str, *, name: str = "command", defects: tuple[str, ...] = (), **given: Any) -> Process:
        """A command on the books (`tests.crash.commands`) in a process of its own."""
        import json

        self.running[name] = self.machine.forks.start("call", function, json.dumps(given), name=name, database=self.database, defects=defects)
        return self.running[name]

    def kill(self, name: str) -> None:
        """SIGKILL to the process and all it started."""
        self.running.pop(name).kill()

    def stop_all(self) -> None:
        """Ends what still runs."""
        for name in list(self.running):
            self.kill(name)

    def is_inside(self, name: str) -> bool:
        """Whether the process, which stands still, has a transaction open in which it has written or writes."""
        with self.machine.app(self.database) as observer:
            row = observer.execute(BUSY, [[name]]).fetchone()
        return row is not None and row[0] > 0

    def standing(self) -> LatestQuote:
        """How far ticks and their evaluation have come; waits while the database is away."""
        return patient(lambda: LatestQuote.objects.get(market_id=self.market_id))

    def is_answering(self) -> bool:
        """Whether the web process takes connections."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False

    def _command(self, name: str) -> tuple[str, tuple[str, ...]]:
        kind = name.rstrip("0123456789")
        if kind == "web":
            return "web", ("-v", "0", "-b", "127.0.0.1", "-p", str(self.port), "tradingdesk.asgi:application")
        if kind == "worker":
            return "worker", (*WORKER, "-n", f"{name}@%h")
        return "manage", ("run_market",)


def patient(read: Any) -> Any:
    """What `read` answers, once the database is there."""

    def tried() -> Any:
        try:
            return (read(),)
        except (Error, psycopg.Error):
            connection.close()
            return None

    return until(tried, what="the database")[0]


@contextmanager
def crash_desk(machine: Machine, accounts: int = ACCOUNTS, tablespace: str | None = None) -> Iterator[CrashDesk]:
    """In a database of its own, which this process's connection is pointed at."""
    with machine.database(f"desk_{next(_numbers)}", tablespace) as database, connected(machine, database):
        books = make_desk(market_code="CRASH")
        feed = {"feed": FEED, "feed_options": {**PRICES, "days_per_second": DAYS_PER_SECOND}}
        Market.objects.filter(pk=books.market.pk).update(clock=MarketClock.FEED, settles_automatically=True, **feed)
        Listing.objects.update(quote_quantity=LOTS_PER_QUOTE)
        desk = CrashDesk(machine, database, books, [books.account(CASH) for _ in range(accounts)], free_port())
        try:
            yield desk
        finally:
            desk.stop_all()


@contextmanager
def connected(machine: Machine, database: str) -> Iterator[None]:
    """This process's own connection, as desk_app."""
    parsed: dict[str, Any] = dict(dj_database_url.parse(machine.cluster.url("app", database)))
    before = {name: connection.settings_dict[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
    connection.close()
    connection.settings_dict.update({name: parsed[name] for name in before})
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)


def free_port() -> int:
    """One that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def stop_still(process: Process) -> None:
    """Everything of it stands still from here on."""
    process.signal(signal.SIGSTOP)


def send(pid: int, number: int) -> None:
    """A signal to one process; gone is gone."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)
