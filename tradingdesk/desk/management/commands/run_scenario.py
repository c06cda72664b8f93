"""`manage.py run_scenario FILE [FILE ...] [--keep] [--user NAME] [--json]`: scripted trading days on the real engine."""

import json
import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandParser

from tradingdesk.desk.scenario import tables
from tradingdesk.desk.scenario.files import Report, run_file

ALL_HELD, EXPECTATION_FAILED, INVALID = 0, 1, 2
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Command(BaseCommand):
    """Exit status 0: all ran and every expectation held; 1: one did not (each difference is printed); 2: a file is invalid. The worst of all files."""

    help = "Run scenario files (SCENARIO.md) on the desk's own engine, each in a scratch database, and print what came out."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a scenario in JSON or YAML")
        parser.add_argument("--keep", action="store_true", help="leave the market in the desk's database, to be opened in the trader page")
        parser.add_argument("--user", default=None, help="with --keep: who owns the accounts (default: the first superuser)")
        parser.add_argument("--json", action="store_true", help="one JSON document per file on standard output, and nothing else there")

    def handle(self, *args: Any, files: list[Path], keep: bool, user: str | None, json: bool, **options: Any) -> None:
        status = ALL_HELD
        with quiet_logs(), ended_in_order():
            for file in files:
                report = run_file(file, keep=keep, user=user)
                self._print(report, as_json=json)
                status = max(status, INVALID if report.error else EXPECTATION_FAILED if report.differences else ALL_HELD)
        if status:
            sys.exit(status)

    def _print(self, report: Report, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(report.document))
        elif report.error is None:
            self.stdout.write(tables.of(report.document))
        self.stdout.flush()
        for line in report.lines:
            self.stderr.write(line)


@contextmanager
def quiet_logs() -> Iterator[None]:
    """The log is silent: what a scenario does is told by its result, and what the desk cannot do by one line."""
    logging.disable(logging.ERROR)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


@contextmanager
def ended_in_order() -> Iterator[None]:
    """A signal ends the run where it is, without a word, once its scratch database is dropped; exit status 128 + the signal's number.

    By KeyboardInterrupt, whatever the signal: psycopg then cancels the statement that is under way, and the connection can be used to clean up.
    """
    received: list[int] = []

    def interrupt(number: int, _: Any) -> NoReturn:
        received.append(number)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in SIGNALS}
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(128 + received[0])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
