"""manage.py settle MARKET [--day YYYY-MM-DD]"""

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from quotes.models import Market
from settlement.services.run import settle
from tradingdesk.kernel.errors import DeskError

TOTALS = (
    "opening_balance",
    "cash",
    "realised_pnl",
    "holding_pnl",
    "fees",
    "closing_balance",
    "frozen",
    "margin",
)  # as the day goes; others after them


def _place(name: str) -> tuple[int, str]:
    return TOTALS.index(name) if name in TOTALS else len(TOTALS), name


class Command(BaseCommand):
    """Settles a trading day of one market and prints its totals and its zero-sum proof."""

    help = "Settle a trading day of a market (default: the current one); harmless to run again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("market", help="the market's code")
        parser.add_argument("--day", type=date.fromisoformat, default=None, help="the trading day, YYYY-MM-DD")

    def handle(self, *args: Any, market: str, day: date | None, **options: Any) -> None:
        found = Market.objects.filter(code=market).first()
        if found is None:
            raise CommandError(f"UNKNOWN_MARKET: there is no market {market}.")
        try:
            run = settle(found.pk, day)
        except DeskError as error:
            raise CommandError(f"{error.reason_code}: {error.message}") from error
        self.stdout.write(f"{run} {run.status}: {run.accounts} accounts, hash {run.hash[:16]}")
        for currency, totals in sorted(run.totals.items()):
            self.stdout.write(f"  {currency} " + " ".join(f"{name}={totals[name]}" for name in sorted(totals, key=_place)))
        for proof in run.proofs.select_related("instrument"):
            self.stdout.write(f"  zero sum {proof.currency} {proof.instrument or 'cash'}: {proof.difference}")
