"""`run_scenario --keep`: the market stays in the desk's own database, under names that are free there, and opens in the trader's page."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.enums import Role
from accounts.models import Account, User
from orders.models import Order
from quotes.enums import MarketClock, MarketKind
from quotes.models import Instrument, LatestQuote, Market
from tests.conftest import OwnDatabase
from tests.factories.books import assert_books_are_right
from tests.scenarios.test_command import COPPER, FILES, run
from tradingdesk.desk.scenario.scenario import read_scenario
from tradingdesk.desk.scenario.stage import build
from tradingdesk.kernel.locks import AdvisoryLock
from tradingdesk.kernel.session_locks import SessionLocks

GOLD = FILES / "freeze_previous_settlement.yaml"


@pytest.fixture(autouse=True)
def plain_static_files(settings: Any) -> None:
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}


@pytest.fixture
def trainee(scenario_desk: OwnDatabase) -> User:
    found, made = User.objects.get_or_create(username="trainee")
    if made:
        found.groups.add(Group.objects.get(name=Role.TRADER))
    return found


def rows() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Market, Instrument, Account, Order))


def test_a_kept_market_opens_in_the_trader_page(trainee: User, capsys: pytest.CaptureFixture[str]) -> None:
    before = rows()
    assert run(GOLD, "--keep", "--user", "trainee", "--json") == 0
    told = capsys.readouterr()
    market = Market.objects.latest("pk")
    assert (market.kind, market.clock, market.feed, market.settles_automatically) == (MarketKind.TRAINING, MarketClock.SCRIPT, "", False)
    assert tuple(now - then for now, then in zip(rows(), before, strict=True)) == (1, 1, 1, 3)
    account = Account.objects.get(market=market)
    assert (account.owner, account.tier.watch_level) == (trainee, 0)
    written = market.history.latest("history_id")  # type: ignore[attr-defined]
    assert (written.history_user, written.history_change_reason, written.request) == (trainee, f"Scenario {market.name}", "run_scenario")
    assert told.err == f"{GOLD}: kept as market {market.code} of trainee: /trade/{account.number}/\n"
    assert set(json.loads(told.out)["accounts"]) == {"A"}  # the file's own name, whatever the account is called
    client = Client(raise_request_exception=False)
    client.force_login(trainee)
    page = client.get(f"/trade/{account.number}/")
    assert page.status_code == 200
    assert Instrument.objects.get(listings__market=market).symbol in page.text
    assert "94,017.60" in page.text  # the margin of the three lots
    assert_books_are_right()


def test_names_that_are_taken_get_a_number(trainee: User, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert run(COPPER, "--keep", "--user", "trainee") == 0
    first, second = Market.objects.order_by("-pk")[:2][::-1]
    assert second.code == f"{first.code}-2"
    symbols = [Instrument.objects.get(listings__market=market) for market in (first, second)]
    assert [instrument.symbol for instrument in symbols] == ["CU", "CU-2"]
    assert [instrument.product for instrument in symbols] == ["CU", "CU"]
    numbers = [Account.objects.get(market=market).number for market in (first, second)]
    assert len(set(numbers)) == 2
    assert_books_are_right()


def test_what_rests_in_a_kept_market_has_seen_every_tick_of_its_script(trainee: User, tmp_path: Path) -> None:
    tree = json.loads((FILES / "us_gc_1750.json").read_text())
    tree["steps"] = [
        {"quote": {"symbol": "GC", "last": 1750}},
        {"order": {"id": "o1", "account": "A", "symbol": "GC", "side": "buy", "qty": 1, "price": 1740}},
        {"quote": {"symbol": "GC", "last": 1749}},
    ]
    file = tmp_path / "resting.json"
    file.write_text(json.dumps(tree))
    assert run(file, "--keep", "--user", "trainee") == 0
    quote = LatestQuote.objects.get(market=Market.objects.latest("pk"))
    assert (quote.last_seq, quote.evaluated_seq) == (2, 2)


def test_no_market_process_leads_a_market_whose_script_is_still_running(trainee: User) -> None:
    with SessionLocks("scenario") as alone, SessionLocks("market process") as process:
        market = build(read_scenario(COPPER), trainee, alone).market
        assert not process.take(AdvisoryLock.MARKET_LEADER, market.pk)
        alone.close()
        assert process.take(AdvisoryLock.MARKET_LEADER, market.pk)


def test_the_first_superuser_owns_what_is_kept_where_nobody_is_named(trainee: User, capsys: pytest.CaptureFixture[str]) -> None:
    before = rows()
    User.objects.filter(is_superuser=True).update(is_active=False)
    assert run(COPPER, "--keep") == 2
    assert "there is no superuser to own the accounts that are kept; expected --user NAME" in capsys.readouterr().err
    assert rows() == before
    first = User.objects.create_superuser("first-of-all")
    User.objects.create_superuser("second")
    assert run(COPPER, "--keep") == 0
    assert Account.objects.latest("pk").owner == first


@pytest.mark.parametrize("arguments", [["--user", "nobody"], ["--user", "trainee"]])
def test_what_cannot_be_run_to_its_end_leaves_nothing_in_the_desk(trainee: User, tmp_path: Path, arguments: list[str]) -> None:
    file = tmp_path / "greedy.yaml"
    file.write_text(COPPER.read_text().replace("  - settle", "  - cash: {account: A, amount: -9999999}\n  - settle"))
    before = rows()
    assert run(file, "--keep", *arguments) == 2
    assert rows() == before
