"""manage.py settle MARKET [--day YYYY-MM-DD] [--price SYMBOL=PRICE ...]"""

from datetime import date
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from quotes.models import Instrument, Market
from settlement.services.run import settle
from tradingdesk.kernel import money
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


def _given(words: list[str]) -> dict[int, Decimal | None]:
    given: dict[int, Decimal | None] = {}
    for word in words:
        symbol, _, number = word.partition("=")
        instrument = Instrument.objects.filter(symbol=symbol).first()
        if instrument is None:
            raise CommandError(f"UNKNOWN_INSTRUMENT: there is no instrument {symbol}.")
        given[instrument.pk] = money.parse(number, "price")
    return given


class Command(BaseCommand):
    """Settles a trading day of one market and prints its totals and its zero-sum proof."""

    help = "Settle a trading day of a market (default: the current one); harmless to run again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("market", help="the market's code")
        parser.add_argument("--day", type=date.fromisoformat, default=None, help="the trading day, YYYY-MM-DD")
        parser.add_argument("--price", action="append", default=[], metavar="SYMBOL=PRICE", help="a settlement price that the desk has decided on")

    def handle(self, *args: Any, market: str, day: date | None, price: list[str], **options: Any) -> None:
        found = Market.objects.filter(code=market).first()
        if found is None:
            raise CommandError(f"UNKNOWN_MARKET: there is no market {market}.")
        try:
            run = settle(found.pk, day, prices=_given(price))
        except DeskError as error:
            raise CommandError(f"{error.reason_code}: {error.message}") from error
        self.stdout.write(f"{run} {run.status}: {run.accounts} accounts, hash {run.hash[:16]}")
        for currency, totals in sorted(run.totals.items()):
            self.stdout.write(f"  {currency} " + " ".join(f"{name}={totals[name]}" for name in sorted(totals, key=_place)))
        for proof in run.proofs.select_related("instrument"):
            self.stdout.write(f"  zero sum {proof.currency} {proof.instrument or 'cash'}: {proof.difference}")
