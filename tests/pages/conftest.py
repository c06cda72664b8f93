"""A trader with a browser's form posts, at the desk's own time."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from accounts.models import Account
from orders.models import Order
from tests.factories.desk import Desk, funds

HTMX = {"HX-Request": "true"}


@dataclass
class Trader:
    """One account's page."""

    client: Client
    desk: Desk
    account: Account

    @property
    def page(self) -> str:
        return f"/trade/{self.account.number}/"

    def get(self, path: str = "", *, htmx: bool = False, **query: Any) -> Any:
        with self.desk.now():
            return self.client.get(self.page + path, query, headers=HTMX if htmx else {})

    def post(self, path: str, *, htmx: bool = True, **fields: Any) -> Any:
        with self.desk.now():
            return self.client.post(self.page + path, fields, headers=HTMX if htmx else {})

    def ticket(self, **fields: Any) -> Any:
        """Sends the ticket: buy 1 at market unless told otherwise."""
        sent = {"instrument": self.desk.gold.symbol, "side": "BUY", "quantity": "1", "type": "MARKET", "effect": "OPEN", "client_order_id": "one"}
        return self.post("orders/", **{**sent, **fields})

    def snapshot(self) -> tuple[Any, ...]:
        """What must not move when something is refused."""
        stands = funds(self.account)
        return (stands.version, stands.balance, stands.frozen, stands.margin)

    def orders(self) -> list[Order]:
        return list(Order.objects.filter(account=self.account).order_by("id"))


@pytest.fixture(autouse=True)
def plain_static_files(settings: Any) -> None:
    """Pages link to files by their plain names, whether or not the hashed ones have been collected."""
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}


@pytest.fixture
def trader(desk: Desk) -> Trader:
    client = Client(raise_request_exception=False)
    client.force_login(desk.trader)
    return Trader(client, desk, desk.account("100000"))
