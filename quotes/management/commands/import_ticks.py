"""Takes recorded tick files into a market: `manage.py import_ticks MARKET SYMBOL FILE...`, in the order given."""

from argparse import ArgumentParser
from pathlib import Path
from time import perf_counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from quotes.selectors.listings import listing_named, market_named
from quotes.services.imports import flags_of, import_file
from tradingdesk.kernel.errors import Conflict, DeskError


class Command(BaseCommand):
    """Each file in whole or not at all; a file that is here already is passed over with a line that says so."""

    help = "Imports recorded bid/ask tick files (csv, csv.gz, zip) with their 1-minute bars."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The market's code, the instrument's symbol, the files."""
        parser.add_argument("market")
        parser.add_argument("instrument")
        parser.add_argument("files", nargs="+", type=Path)

    def handle(self, *args: Any, market: str, instrument: str, files: list[Path], **options: Any) -> None:
        """Imports file by file; the first refusal ends it."""
        try:
            listing = listing_named(market_named(market), instrument)
            for path in files:
                self._import(listing.market_id, listing.instrument_id, path)
        except DeskError as error:
            raise CommandError(f"{error.reason_code}: {error.message}") from error

    def _import(self, market_id: int, instrument_id: int, path: Path) -> None:
        started = perf_counter()
        try:
            done = import_file(market_id, instrument_id, path)
        except Conflict as error:
            self.stdout.write(error.message)
            return
        seconds = perf_counter() - started
        self.stdout.write(f"{done.file_name}: {done.ticks:,} ticks, {done.flagged:,} flagged, {seconds:.1f} s")
        for flag, number in flags_of(done).items() if done.flagged else ():
            self.stdout.write(f"  {number:,} {flag.label[0].lower()}{flag.label[1:]}: kept, never dealt on")
