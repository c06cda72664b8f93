"""Makes bars anew from the stored ticks: `manage.py rebuild_bars MARKET SYMBOL DAY...`, after bars were lost or are doubted."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from quotes.selectors.listings import listing_named, market_named
from quotes.services.bars import rebuild
from tradingdesk.kernel.errors import DeskError


class Command(BaseCommand):
    """The ticks are the truth; each day is replaced in one transaction, while ticks of that instrument wait."""

    help = "Rebuilds the 1-minute bars of trading days from their stored ticks."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The market's code, the instrument's symbol, the trading days."""
        parser.add_argument("market")
        parser.add_argument("instrument")
        parser.add_argument("days", nargs="+", type=date.fromisoformat)

    def handle(self, *args: Any, market: str, instrument: str, days: list[date], **options: Any) -> None:
        """Day by day; the first refusal ends it."""
        try:
            listing = listing_named(market_named(market), instrument)
            for day in days:
                self.stdout.write(f"{day}: {rebuild(listing.market_id, listing.instrument_id, day)} bars")
        except DeskError as error:
            raise CommandError(f"{error.reason_code}: {error.message}") from error
