"""manage.py ledger_verify [--market CODE] [--json]"""

import json
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, InterfaceError

from quotes.models import Market
from settlement.breaks import facts_of, sentence_of
from settlement.enums import VerificationSource
from settlement.models import Break, Verification
from settlement.models.verification import breaks_text
from settlement.services.verification import verify
from tradingdesk.kernel.errors import DeskError, NotFound

BREAKS, REFUSED = 1, 2  # exit status; 0: no breaks
SHOWN = 200  # lines; --json has them all
NEWLINE = "\n"
FAILURES = (DatabaseError, InterfaceError, psycopg.Error)  # the last: of the lock's own connection


class Command(BaseCommand):
    """Verifies the books and lists the breaks. Exit status 0: none, 1: some, 2: not verified."""

    help = "Recompute everything the books store from their rows and list what differs; repairs nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--market", default=None, help="one market's code (default: all of them)")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, market: str | None, **options: Any) -> None:
        try:
            verification = verify(None if market is None else _market_id(market), source=VerificationSource.COMMAND)
        except DeskError as error:
            raise CommandError(f"{error.reason_code}: {error.message}", returncode=REFUSED) from error
        except FAILURES as error:
            raise CommandError(f"DATABASE_ERROR: not verified: {str(error).partition(NEWLINE)[0]}", returncode=REFUSED) from error
        breaks = list(verification.breaks.select_related("market", "account").order_by("kind", "id"))  # type: ignore[attr-defined]
        self._print_json(verification, breaks) if options["json"] else self._print_table(verification, breaks)
        if breaks:
            raise CommandError(f"{breaks_text(len(breaks))} in the books.", returncode=BREAKS)

    def _print_json(self, verification: Verification, breaks: list[Break]) -> None:
        report = {
            "market": verification.market and verification.market.code,
            "started_at": verification.started_at.isoformat(),
            "finished_at": verification.finished_at.isoformat(),
            "rows": verification.rows_by_table,
            "found": verification.found,
            "new": verification.new,
            "gone": verification.gone,
            "breaks": [facts_of(one) for one in breaks],
        }
        self.stdout.write(json.dumps(report, indent=2))

    def _print_table(self, verification: Verification, breaks: list[Break]) -> None:
        rows = [("MARKET", "ACCOUNT", "WHAT", "FOUND")]
        rows += [
            (one.market.code if one.market else "–", one.account.number if one.account else "–", str(one), sentence_of(one)) for one in breaks[:SHOWN]
        ]
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        for row in rows if breaks else []:
            self.stdout.write("  ".join(cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)).rstrip())
        if len(breaks) > SHOWN:
            self.stdout.write(f"… and {len(breaks) - SHOWN} more.")
        self.stdout.write(
            f"{verification.rows:,} rows verified in {verification.duration.total_seconds():.1f} s: "
            f"{breaks_text(verification.found)}, {verification.new} new; {verification.gone} gone."
        )


def _market_id(code: str) -> int:
    found = Market.objects.filter(code=code).first()
    if found is None:
        raise NotFound(f"There is no market {code}.", code="UNKNOWN_MARKET")
    return found.pk
