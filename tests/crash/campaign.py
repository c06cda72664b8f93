"""Mixed trading under SIGKILL at random instants, and what is looked at after every restart.

Four traders over REST, a clerk with cash, a worker that is sent settlements and margin sweeps all the time, a market whose days pass in seconds. A victim is
first stopped where it stands, so that it can be asked of PostgreSQL whether it was inside a transaction, then killed there.
"""

import signal
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import redis
from celery import Celery
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from accounts.models import Entry
from orders.models import Order
from settlement.models import SettlementRun
from tests.crash.checks import broken_promises, half_orders, surplus, wrong_books
from tests.crash.desk import QUEUES, CrashDesk, patient, send, stop_still
from tests.crash.machines import until
from tests.crash.traders import Ticket, Trader

TRADERS = 4
BEAT_SECONDS = 0.25
LONGEST_WAIT_SECONDS = 0.12
OURS = ["web", "worker", "market", "clerk"]
ANY_BACKEND = """
SELECT pid, xact_start IS NOT NULL FROM pg_stat_activity WHERE datname = current_database() AND application_name = ANY(%s)
ORDER BY xact_start IS NOT NULL AND random() < 0.7 DESC, random() LIMIT 1"""
VICTIMS = {"web": 6, "worker": 3, "market": 4, "clerk": 2, "backend": 3, "postmaster": 2}  # of every twenty
PIECES = ("web", "worker", "market", "clerk")


class Broken(AssertionError):
    """Something that must hold did not; says the seed and the last kills."""


@dataclass
class Campaign:
    """One run over one desk. `look_at_all_every` so many kills, and at the end, every invariant is recomputed."""

    desk: CrashDesk
    seed: int
    folder: Path
    look_at_all_every: int = 5
    defects: tuple[str, ...] = ()
    log: list[str] = field(default_factory=list)
    killed: Counter[str] = field(default_factory=Counter)
    inside: Counter[str] = field(default_factory=Counter)
    interrupting: int = 0

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.began = time.monotonic()
        self.record = self.folder / "cash"
        cookie = signed_in(self.desk)
        numbers = [account.number for account in self.desk.accounts]
        books = self.desk.books
        self.traders = [
            Trader(self.desk.port, cookie, numbers[n::TRADERS], books.gold.symbol, books.market.code, self.seed * 10 + n) for n in range(TRADERS)
        ]
        self._beating = threading.Event()
        self._deck: list[str] = []
        self._checked_through = 0

    @property
    def tickets(self) -> list[Ticket]:
        return [ticket for trader in self.traders for ticket in trader.tickets]

    def run(self, kills: int) -> None:
        """Raises Broken. Returns with every request answered and nothing running."""
        try:
            self.begin()
            for number in range(1, kills + 1):
                self.strike(number)
                self.look(is_whole=number % self.look_at_all_every == 0)
            self.end()
        except AssertionError as failure:
            raise Broken(self.story(str(failure))) from failure
        finally:
            self._beating.set()
            for trader in self.traders:
                trader.stopping.set()
            self.desk.stop_all()

    def begin(self) -> None:
        """Everything runs, and has traded a little."""
        for name in PIECES:
            self.start(name)
        threading.Thread(target=self.beat, daemon=True).start()
        until(self.desk.is_answering, what="the web process")
        until(lambda: self.desk.standing().last_seq > 5, what="the first ticks")
        for trader in self.traders:
            trader.start()
        until(lambda: all(trader.answered > 3 for trader in self.traders), what="the first orders")

    def start(self, name: str) -> None:
        if name == "clerk":
            accounts = [account.pk for account in self.desk.accounts]
            self.desk.call("clerk", name="clerk", accounts=accounts, record=str(self.record), seed=self.seed, defects=self.defects)
        else:
            self.desk.start(name, defects=self.defects)

    def beat(self) -> None:
        """What beat does, faster: settlement and margin sweep again and again."""
        app = Celery(broker=self.desk.machine.redis.url())
        while not self._beating.wait(BEAT_SECONDS):
            app.send_task("settlement.tasks.settle_due_markets", queue="settlement", expires=5)
            app.send_task("risk.tasks.watch_margins", queue="sweeps", expires=5)

    def strike(self, number: int) -> None:
        """One kill at a random instant, the restart, and the proof that the desk goes on by itself."""
        time.sleep(self.random.random() * LONGEST_WAIT_SECONDS)
        victim = self.draw()
        interrupted = [trader.interrupted for trader in self.traders]
        seen = self.desk.standing().last_seq
        is_inside = self.kill(victim)
        began = time.monotonic()
        self.recover(victim, seen)
        cut = sum(trader.interrupted for trader in self.traders) - sum(interrupted)
        self.killed[victim] += 1
        self.inside[victim] += is_inside
        self.interrupting += cut > 0
        where = "inside a transaction" if is_inside else "between transactions"
        self.log.append(
            f"#{number} at {began - self.began:.2f} s: {victim} {where}, {cut} requests cut off, well again after {time.monotonic() - began:.2f} s"
        )

    def draw(self) -> str:
        """The next victim: in every twenty kills each has its share."""
        if not self._deck:
            self._deck = [victim for victim, share in VICTIMS.items() for _ in range(share)]
            self.random.shuffle(self._deck)
        return self._deck.pop()

    def kill(self, victim: str) -> bool:
        """SIGKILL; whether it met a transaction that had begun to write."""
        if victim == "postmaster":
            return self.kill_postmaster()
        if victim == "backend":
            return self.kill_backend()
        stop_still(self.desk.running[victim])
        is_inside = self.desk.is_inside(victim)
        self.desk.kill(victim)
        self.start(victim)
        return is_inside

    def kill_postmaster(self) -> bool:
        """PostgreSQL whole: its first process; the others end when they see it gone. Its keeper starts it again."""
        pid = self.desk.machine.postmaster
        is_inside = any(self.desk.is_inside(name) for name in OURS)
        send(pid, signal.SIGKILL)
        until(lambda: self.desk.machine.cluster.state().get("postgres") not in {None, pid}, what="PostgreSQL")
        return is_inside

    def kill_backend(self) -> bool:
        """One of the server's processes: PostgreSQL then ends them all and recovers."""
        with self.desk.machine.app(self.desk.database) as observer:
            row = observer.execute(ANY_BACKEND, [OURS]).fetchone()
            if row is None:
                return False
            send(row[0], signal.SIGKILL)
        patient(lambda: self.desk.standing())
        return bool(row[1])

    def recover(self, victim: str, seen: int) -> None:
        """Whatever died works again, and with PostgreSQL all of them do."""
        is_all = victim in {"backend", "postmaster"}
        if is_all or victim == "web":
            until(lambda: not any(self.open_since(trader) for trader in self.traders), what="an answer to every request")
        if is_all or victim == "market":
            until(lambda: self.desk.standing().last_seq > seen, what="a new tick")
        if is_all or victim == "worker":
            self.wait_for_worker()

    def open_since(self, trader: Trader) -> bool:
        """Whether the trader still has something that was not answered, or waits for an answer already long."""
        waiting = trader.asking_since
        return bool(trader.unanswered) or (waiting is not None and time.monotonic() - waiting > 1)

    def wait_for_worker(self) -> None:
        """Returns once what waits longest now was taken, from each queue."""
        with redis.Redis.from_url(self.desk.machine.redis.url()) as client:
            for queue in QUEUES:
                oldest = client.lindex(queue, -1)
                until(lambda queue=queue, oldest=oldest: oldest is None or client.lindex(queue, -1) != oldest, what="the worker")

    def look(self, *, is_whole: bool) -> None:
        """After each restart: half orders, and promises of late; every few: every invariant and every promise."""
        assert not any(trader.faults for trader in self.traders), [trader.faults[:3] for trader in self.traders]
        assert all(trader.is_alive() or trader.stopping.is_set() for trader in self.traders), "a trader has died"
        halves = patient(lambda: half_orders(self._checked_through))
        assert halves == {}, halves
        tickets = self.tickets if is_whole else [ticket for trader in self.traders for ticket in trader.tickets[-60:]]
        canceled = [pk for trader in self.traders for pk in list(trader.canceled)]
        broken = patient(lambda: broken_promises(tickets, canceled))
        assert broken == [], broken[:5]
        if is_whole:
            wrong = patient(lambda: wrong_books(self.desk.market_id))
            assert wrong == {}, wrong
            assert (cash := patient(self.wrong_cash)) == [], cash[:5]
        self._checked_through = max(0, (patient(lambda: Order.objects.order_by("-pk").values_list("pk", flat=True).first()) or 0) - 500)

    def end(self) -> None:
        """Nothing is open any more: every id was answered, is stored once, and nothing else is."""
        until(lambda: not any(trader.unanswered for trader in self.traders), what="an answer to every request")
        for trader in self.traders:
            trader.stopping.set()
        for trader in self.traders:
            trader.join(20)
        for trader in self.traders:
            until(lambda trader=trader: trader.unanswered == [] or trader.ask_again(), what="an answer to every request")
        self.look(is_whole=True)
        assert (unknown := surplus(self.tickets)) == [], unknown[:5]
        assert all(ticket.outcome is not None for ticket in self.tickets), "a request was never answered"
        assert SettlementRun.objects.filter(status="DONE").exists(), "no day was settled"

    def wrong_cash(self) -> list[str]:
        """Cash that was acknowledged and is not booked, that was booked twice, or that was refused and booked."""
        noted = self.notes()  # before the books are read: what is done by then must be in them
        done, refused = ({line[1] for line in noted if line[0] == word} for word in ("done", "refused"))
        entries: dict[str, list[tuple[int, int]]] = {}
        booked = Entry.objects.filter(kind="CASH", account__isnull=False).exclude(journal__request_id="")
        for asked_as, account, amount in booked.values_list("journal__request_id", "account_id", "amount"):
            entries.setdefault(asked_as, []).append((account, int(amount * 100)))
        asked = {line[1]: (int(line[2]), int(line[3])) for line in self.notes() if line[0] == "asked" and len(line) == 4}
        lost = [f"{one} was done and is lost" for one in done - entries.keys()]
        refused_yet_booked = [f"{one} was refused and is booked" for one in refused & entries.keys()]
        other = [f"{one} was asked as {asked.get(one)} and is booked as {rows}" for one, rows in entries.items() if rows != [asked.get(one)]]
        return lost + refused_yet_booked + other

    def notes(self) -> list[list[str]]:
        """The clerk's lines."""
        return [line.split() for line in self.record.read_text().splitlines()]

    def story(self, failure: str) -> str:
        """Everything needed to see what happened."""
        kills = "\n".join(self.log[-30:])
        tails = "\n".join(f"--- {name}\n{tail(self.desk.machine.forks.log_of(name))}" for name in PIECES)
        return f"seed {self.seed}: {failure}\n{self.figures()}\nthe last kills:\n{kills}\n{tails}"

    def figures(self) -> str:
        """What the run amounted to."""
        unsure = [ticket for ticket in self.tickets if ticket.is_unsure]
        placed = sum(ticket.was_placed_unanswered for ticket in unsure)
        return (
            f"{self.killed.total()} kills {dict(self.killed)}, inside a transaction {dict(self.inside)}, cutting off requests {self.interrupting}; "
            f"{len(self.tickets)} orders, {len(unsure)} sent and not answered at first, of which {placed} had been placed; "
            f"{sum(t.away for t in self.traders)} answers of 503; {time.monotonic() - self.began:.0f} s"
        )


def signed_in(desk: CrashDesk) -> str:
    """The trader's session cookie."""
    user = desk.books.trader
    session = SessionStore()
    session.update(
        {SESSION_KEY: str(user.pk), BACKEND_SESSION_KEY: "django.contrib.auth.backends.ModelBackend", HASH_SESSION_KEY: user.get_session_auth_hash()}
    )
    session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def tail(log: Path, letters: int = 1500) -> str:
    """The end of a process's log."""
    with suppress(OSError):
        return log.read_text(errors="replace")[-letters:]
    return ""
