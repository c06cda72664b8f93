"""The supervisor of `make run`: one desk per installation, all of its processes, one log.

Start order: PostgreSQL, Redis, migrate, seed, then web, workers, beat, market. Each that dies starts again after a pause,
the others run on. SIGINT, SIGTERM and SIGHUP stop everything in reverse order. Ours rather than the package supervisor:
that one can neither wait for readiness between starts, nor share one prefixed log, nor end its children when it is killed.
"""

import argparse
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Iterator

from tradingdesk.local import LocalError, addresses, checks, leftovers, locks, output, paths, processes, programs
from tradingdesk.local.children import Child
from tradingdesk.local.postgres import Cluster, desk_cluster
from tradingdesk.local.redis import desk_redis

LOOP_SECONDS = 0.1
POSTGRES_CHECK_SECONDS = 1
STOP_SECONDS = 15
SLOW_AFTER_SECONDS = 60
REPEATED_SIGNAL_SECONDS = 2  # make and the terminal may both deliver the first Ctrl-C


class Stopped(Exception):
    """The operator asked the desk to stop."""


class Supervisor:
    """Runs the desk on one port until it is told to stop."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.log = output.Log()
        self.children: list[Child] = []
        self.cluster: Cluster | None = None
        self.tail: output.Tail | None = None
        self.next_check = 0.0
        self.told_at: float | None = None
        self.in_a_hurry = False

    def run(self) -> None:
        """Run everything; LocalError when the desk cannot start. Returns after an orderly stop."""
        checks.check_port(self.port)
        check_given_servers()
        self._listen_to_signals()
        with contextlib.ExitStack() as stack:
            try:
                self._start_servers(stack)
                self._prepare()
                for program in programs.desk_programs(self.port):
                    self._add(Child(program.name, program.start, self.log))
                self._wait_until_ready()
                while True:
                    self.turn()
            except Stopped:
                self.log.say("Stopping.")
            finally:
                self._stop()
                leftovers.forget()
        self.log.say("Stopped.")

    def turn(self) -> None:
        """One round: log what was written, start what ended. Stopped when told to stop."""
        time.sleep(LOOP_SECONDS)
        self._pump()
        if self.told_at is not None:
            raise Stopped
        started = [child.name for child in self.children if child.supervise()]
        if started:
            self._record()
        self._supervise_postgres()

    def _listen_to_signals(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
                signal.signal(number, self._on_signal)

    def _on_signal(self, *_: object) -> None:
        now = time.monotonic()
        self.in_a_hurry = self.told_at is not None and now - self.told_at > REPEATED_SIGNAL_SECONDS
        self.told_at = self.told_at or now

    def _start_servers(self, stack: contextlib.ExitStack) -> None:
        if addresses.database_is_embedded():
            self.log.say("Starting PostgreSQL.")
            self.cluster = desk_cluster()
            self.tail = output.Tail(self.cluster.log)
            stack.enter_context(self.cluster.held())
        if addresses.redis_is_embedded():
            self._start_redis()

    def _start_redis(self) -> None:
        self.log.say("Starting Redis.")
        redis = desk_redis()
        if not redis.is_port_free():
            redis.choose_port()
        child = Child("redis", redis.start, self.log)
        self._add(child)
        if child.process is None:
            raise LocalError("Redis could not be started.")
        redis.wait_until_ready(child.process)

    def _add(self, child: Child) -> None:
        child.start()
        self.children.append(child)
        self._record()

    def _record(self) -> None:
        running = {child.name: child.process.pid for child in self.children if child.process is not None}
        leftovers.write(self.port, running)

    def _prepare(self) -> None:
        for program in programs.preparations():
            self.log.say(f"Running {program.name}.")
            child = Child(program.name, program.start, self.log)
            child.start()
            self.children.append(child)
            self._record()
            while child.is_running():
                time.sleep(LOOP_SECONDS)
                self._pump()
                if self.told_at is not None:
                    raise Stopped
            self._finish(child)

    def _finish(self, child: Child) -> None:
        code = child.process.returncode if child.process is not None else 1
        if child.process is not None:
            child.clear()
        self.children.remove(child)
        if code:
            raise LocalError(f"{child.name} failed (exit code {code}); its last lines are above and in {self.log.file}.")

    def _wait_until_ready(self) -> None:
        begun, slow = time.monotonic(), False
        while (reason := checks.why_not_ready(self.port)) is not None:
            for _ in range(3):
                self.turn()
            if not slow and time.monotonic() - begun > SLOW_AFTER_SECONDS:
                self.log.say(f"Not ready after {SLOW_AFTER_SECONDS} s: {reason}")
                slow = True
        self.log.announce("")
        self.log.announce(f"Ready: http://127.0.0.1:{self.port}")
        for line in logins():
            self.log.announce(line)

    def _pump(self) -> None:
        for child in self.children:
            child.pump()
        for line in self.tail.read() if self.tail else ():
            self.log.line("postgres", line)

    def _supervise_postgres(self) -> None:
        """A keeper that was killed is started again; it then starts PostgreSQL, and clears up."""
        if self.cluster is None or time.monotonic() < self.next_check:
            return
        self.next_check = time.monotonic() + POSTGRES_CHECK_SECONDS
        try:
            if not self.cluster.is_kept():
                self.log.say("The keeper of PostgreSQL was killed; starting it again.")
                self.cluster.ensure_started()
        except (LocalError, TimeoutError) as error:
            self.log.say(str(error))

    def _stop(self) -> None:
        """Everything but Redis first, then Redis; PostgreSQL goes when its last holder does."""
        self._end([child for child in self.children if child.name != "redis"])
        self._end([child for child in self.children if child.name == "redis"])
        self._pump()

    def _end(self, children: list[Child]) -> None:
        for child in children:
            child.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        while any(child.is_running() for child in children) and time.monotonic() < deadline and not self.in_a_hurry:
            time.sleep(LOOP_SECONDS)
            self._pump()
        for child in children:
            child.kill()


def check_given_servers() -> None:
    """Refuse a DATABASE_URL or REDIS_URL that cannot be reached, before anything is started."""
    if not addresses.database_is_embedded():
        checks.check_database(addresses.database_url("owner"))
        checks.check_database(addresses.database_url("app"))
    if not addresses.redis_is_embedded():
        checks.check_redis(addresses.redis_url())


def logins() -> Iterator[str]:
    """Return one line per role out of `var/secrets/logins.json`, which seed_demo writes."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        people = json.loads((paths.var() / "secrets" / "logins.json").read_text())
        for role, login in people.items():
            yield f"  {role:12} {login['username']:16} {login['password']}"


def take_installation() -> int:
    """Return the lock that says that the desk runs here; who holds it stands in it. LocalError when it runs already."""
    file = paths.made(paths.made(paths.var()) / "run") / "desk.lock"
    lock = locks.try_take(file)
    if lock is None:
        raise LocalError(who_runs(file.read_text().strip(), leftovers.read()))
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
    return lock


def who_runs(holder: str, record: dict[str, object]) -> str:
    """Name the process that holds the lock, and its address once it has one. The record may still be that of a run that was killed."""
    if not holder.isdigit() or not processes.is_alive(int(holder)):
        return "The desk is being started already."
    if record.get("supervisor") == int(holder):
        return f"The desk already runs at http://127.0.0.1:{record['port']} (process {holder})."
    return f"The desk is being started already (process {holder})."


def main() -> int:
    """Run the desk. Exit code 1, after one line, when it cannot run."""
    parser = argparse.ArgumentParser(description="Run the desk: every process, one log.")
    parser.add_argument("--port", default="8000")
    parser.add_argument("--end-with-parent", action="store_true", help="stop when the caller (make) is killed")
    arguments = parser.parse_args()
    if arguments.end_with_parent and os.getppid() != 1:
        processes.end_with_parent(signal.SIGTERM)
    try:
        port = checks.port_number(arguments.port)
        take_installation()
        supervisor = Supervisor(port)
        leftovers.clear(supervisor.log)
        supervisor.run()
    except (LocalError, OSError) as error:  # a port, a lock, a permission, a disk without room
        output.fail(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
