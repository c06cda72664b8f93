"""A signed-in program and a desk with one funded account; requests are served at the desk's own time."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from accounts.models import Account
from orders.models import Order
from tests.factories.desk import Desk, funds


@dataclass
class Program:
    """Speaks JSON for one account."""

    client: Client
    desk: Desk
    account: Account

    def get(self, path: str, **query: Any) -> Any:
        with self.desk.now():
            return self.client.get(f"/api/v1/{path}", query)

    def post(self, path: str, body: Any = None) -> Any:
        return self.post_text(path, json.dumps(body))

    def post_text(self, path: str, text: str | bytes, content_type: str = "application/json") -> Any:
        with self.desk.now():
            return self.client.post(f"/api/v1/{path}", text, content_type=content_type)

    def snapshot(self) -> tuple[Any, ...]:
        """What must not move when something is refused."""
        stands = funds(self.account)
        return (stands.version, stands.balance, stands.frozen, stands.margin)

    def orders(self) -> list[Order]:
        return list(Order.objects.filter(account=self.account).order_by("id"))


@pytest.fixture
def program(desk: Desk) -> Program:
    client = Client(raise_request_exception=False)
    client.force_login(desk.trader)
    return Program(client, desk, desk.account("100000"))
