"""Runs a scenario file: read, checked, run in a scratch database; with `keep` then once more in the desk's own.

So a file that cannot be run to its end leaves nothing half-run, in neither; what ends the second run from outside (a lost connection, a signal) leaves the
market as far as it has come.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import django.db
import psycopg

from accounts.models import User
from tradingdesk.desk.scenario.errors import ScenarioError
from tradingdesk.desk.scenario.runner import run
from tradingdesk.desk.scenario.scenario import Scenario, name_of, read_scenario
from tradingdesk.desk.scenario.scratch import scratch_database
from tradingdesk.desk.scenario.stage import Stage, build
from tradingdesk.kernel.attribution import attributed
from tradingdesk.kernel.session_locks import SessionLocks

SCRIPT_USER = "scenario"
REASON_LETTERS = 100  # what the history holds
DATABASE_ERRORS = (django.db.Error, psycopg.Error)
LINE_END = "\n"


@dataclass
class Report:
    """What is to be said of one file: its document, and lines for people about what is wrong with it or where it was kept."""

    file: Path
    document: dict[str, Any]
    error: str | None = None
    differences: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        """For standard error: each begins with the file."""
        return [f"{self.file}: {line}" for line in (*([self.error] if self.error else []), *self.differences, *self.notes)]


def run_file(file: Path, *, keep: bool = False, user: str | None = None) -> Report:
    """Runs one file; whatever is wrong with it is in the report."""
    try:
        scenario = read_scenario(file)
        owner = _owner(user) if keep else None
        with scratch_database():
            document, differences = run(build(scenario, User.objects.create_user(SCRIPT_USER)))
        report = Report(file, document, differences=differences)
        if owner is not None:
            report.notes.append(_keep(scenario, owner))
    except (ScenarioError, *DATABASE_ERRORS) as error:
        told = str(error) if isinstance(error, ScenarioError) else f"the database failed ({str(error).partition(LINE_END)[0]})"
        return Report(file, {"name": name_of(file), "file": str(file), "error": told}, error=told)
    return report


def _owner(username: str | None) -> User:
    if username is None:
        owner = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
        if owner is None:
            raise ScenarioError("", "there is no superuser to own the accounts that are kept", "--user NAME")
        return owner
    owner = User.objects.filter(username=username).first()
    if owner is None:
        raise ScenarioError("", f"there is no user {username}", "the name of somebody who can sign in")
    return owner


def _keep(scenario: Scenario, owner: User) -> str:
    why = f"Scenario {scenario.name}"[:REASON_LETTERS]
    with attributed(actor=owner.pk, reason=why, request_id="run_scenario"), SessionLocks("scenario") as alone:
        stage = build(scenario, owner, alone)
        run(stage)
    return _told(stage)


def _told(stage: Stage) -> str:
    pages = ", ".join(f"/trade/{account.number}/" for account in stage.accounts.values())
    return f"kept as market {stage.market.code} of {stage.owner.get_username()}: {pages}"
