"""`manage.py seed_demo`: the demo desk, at every start. Idempotent; creates what is absent and overwrites nothing."""

from typing import Any

from django.core.management.base import BaseCommand

from tradingdesk.desk.demo import book, history, markets, people
from tradingdesk.desk.demo.jobs import jobs
from tradingdesk.desk.demo.once import REASON
from tradingdesk.kernel.attribution import attributed


class Command(BaseCommand):
    """Runs as desk_app: through services, and ORM writes that the application may do."""

    help = "Creates what is missing of the demo desk: markets, people, funded accounts, schedules. Logins go to the installation's secrets."

    def handle(self, *args: Any, **options: Any) -> None:
        with attributed(reason=REASON, request_id="seed_demo"):
            seed()
        self.stdout.write(f"Demo desk ready; logins in {people.logins_file().name} of the installation's secrets.")


def seed() -> None:
    """Markets, people, accounts with their money, and the schedules."""
    markets.spot_gold()
    market = markets.demo_market()
    history.past_prices(market)
    users = people.people()
    for plan in book.plans(users):
        book.open_and_fund(plan, market)
    jobs()
