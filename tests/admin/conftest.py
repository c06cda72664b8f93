"""A desk with something in every table, and a browser for each role."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db.models import F
from django.test import Client

from accounts.enums import Role
from accounts.models import Account, AccountFunds, User
from accounts.roles import enters_admin
from quotes.models import Holiday
from risk.services.monitoring import record_crossing
from settlement.enums import VerificationSource
from settlement.models import SettlementRun
from settlement.selectors import differences, rows_by_table
from settlement.services.run import settle
from settlement.services.verification import record
from tests.factories.desk import Desk
from tests.factories.jobs import make_jobs


class Book:
    """Three accounts; orders filled, resting, denied; a margin call; a flagged tick; one day settled; a margin that was wrong for one verification."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.account: Account = desk.account("100000")
        self.other: Account = desk.account("25000")
        self.filled = desk.buy(self.account, 2)
        self.resting = desk.buy(self.account, 1, "1900.00")
        self.denied = desk.buy(self.other, 9)  # margin 9 × 10,002.50 is more than 25,000
        desk.sell(self.other, 1)
        self.near: Account = desk.account("12000")
        desk.buy(self.near, 1)
        with desk.now():
            record_crossing(self.near.pk)  # equity 11,945 over margin 10,002.50: 119 %, below the tier's warning at 120 %
        desk.quote("2010.00", "2010.50")
        desk.close_long(self.account, 1)
        desk.quote("2012.00", "2011.00")  # crossed: kept, flagged, never dealt on
        Holiday.objects.create(calendar=desk.calendar, day=desk.at.date() + timedelta(days=200), name="Founders' day")
        make_jobs()
        with desk.now():
            self.run: SettlementRun = settle(desk.market.pk)
        self.misstate("10")
        self.verify()
        self.misstate("-10")

    def misstate(self, by: str) -> None:
        """The stored margin of `account` moves without a lot; the balance cannot without an entry."""
        AccountFunds.objects.filter(account=self.account).update(margin=F("margin") + by)

    def verify(self) -> None:
        """As `settlement.services.verification.verify` does it in a snapshot, which a test that is rolled back cannot have."""
        record(differences(), rows_by_table(), market_id=None, source=VerificationSource.COMMAND, started_at=self.desk.at)


@pytest.fixture(autouse=True)
def plain_static_files(settings: Any) -> None:
    """Pages link static files by their plain names: nothing is collected for tests."""
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}


@pytest.fixture
def book(desk: Desk) -> Book:
    return Book(desk)


@pytest.fixture
def client_of(db: None) -> Callable[[Role], Client]:
    """A browser in which somebody of this role is signed in; raises what a page raises."""

    def signed_in(role: Role) -> Client:
        user, made = User.objects.get_or_create(username=f"one-{role.value}", defaults={"is_staff": enters_admin([role.value])})
        if made:
            user.groups.set(Group.objects.filter(name=role.value))
        client = Client()
        client.force_login(user)
        return client

    return signed_in


@pytest.fixture
def operations(client_of: Callable[[Role], Client]) -> Client:
    return client_of(Role.OPERATIONS)
