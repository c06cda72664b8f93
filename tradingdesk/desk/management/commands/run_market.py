"""Runs the market process until it is told to stop: `manage.py run_market`. A second one is a hot standby."""

import signal
from typing import Any

from django.core.management.base import BaseCommand

from orders.services.resting import evaluate
from tradingdesk.desk.market.process import MarketProcess


class Command(BaseCommand):
    """SIGTERM and SIGINT end it cleanly, with exit code 0."""

    help = "Takes ticks of every market it can lead, records and publishes them, and fills resting orders."

    def handle(self, *args: Any, **options: Any) -> None:
        """Blocks until stopped."""
        process = MarketProcess(evaluate)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: process.stop())
        process.run()
