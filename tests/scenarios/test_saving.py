"""An account's day, saved and run again, comes out the same; a book that was changed by hand does not."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from django.test import Client

from accounts.models import Account, User
from accounts.services.cash import post_cash
from orders.enums import Effect, Side
from orders.services.cancellation import cancel_orders
from orders.services.deals import DealRequest, book_deals
from quotes.models import FeeSchedule, Listing
from settlement.services.run import settle
from tests.conftest import OwnDatabase
from tests.factories.desk import MONDAY, Desk, make_desk
from tradingdesk.desk.scenario.files import run_file
from tradingdesk.desk.scenario.saving import scenario_yaml
from tradingdesk.kernel import clock
from tradingdesk.kernel.errors import Conflict, NotFound

D = Decimal
_codes = iter(f"SAVED-{number}" for number in range(1, 100))


@pytest.fixture
def desk(scenario_desk: OwnDatabase) -> Iterator[Desk]:
    """A market of its own in the database that scenarios are run beside."""
    with clock.fixed(MONDAY):
        yield make_desk(market_code=next(_codes))


def next_day(desk: Desk) -> None:
    with desk.now():
        settle(desk.market.pk)
    desk.at += timedelta(days=1)
    desk.quote("2010.00", "2010.50")


def carried(desk: Desk) -> Account:
    """Two lots, and two orders that rest, from the day before."""
    account = desk.account("100000")
    desk.buy(account, 2)
    desk.buy(account, 1, "1990.00", client_order_id="low")
    desk.buy(account, 1, "1980.00", client_order_id="lower")
    next_day(desk)
    return account


def mixed_day(desk: Desk) -> Account:
    """A close, a denied order, a fill of a carried order, a cancel, cash, a deal at its own fee, an order that is filled in parts and an order that rests."""
    Listing.objects.filter(market=desk.market).update(quote_quantity=2)
    FeeSchedule.objects.filter(instrument=desk.gold).update(overnight_per_lot="2.50")
    account = carried(desk)
    desk.close_long(account, 1)
    desk.buy(account, 90)
    desk.quote("1989.00", "1989.50")
    lower = account.orders.get(client_order_id="lower").pk
    with desk.now():
        cancel_orders([lower])
        post_cash(account.pk, D("-500.25"), reason="Lunch")
        book_deals([DealRequest(account.pk, desk.gold.pk, Side.SELL, Effect.OPEN, D(1), D("1991.123"), "by-phone", D("8.05"), desk.trader.pk)])
        book_deals([DealRequest(account.pk, desk.gold.pk, Side.SELL, Effect.OPEN, D(40), D("1991"), "too-much", None, desk.trader.pk)])
    desk.sell(account, 3, "1988.00")
    desk.quote("1989.20", "1989.70")
    desk.buy(account, 1, "1900.00", time_in_force="DAY")
    desk.close_long(account, 1, "2500.00")
    return account


def only_cash(desk: Desk) -> Account:
    account = desk.account("100000")
    with desk.now():
        post_cash(account.pk, D("-1000"), reason="Back")
    return account


def debt_that_was_made(desk: Desk) -> Account:
    """A loss beyond the balance, realised."""
    Listing.objects.filter(market=desk.market).update(max_jump_rate=0)
    account = desk.account("25000")
    desk.buy(account, 2)
    desk.quote("1800.00", "1800.50")
    desk.close_long(account, 2)
    return account


@pytest.mark.parametrize("is_settled", [False, True])
@pytest.mark.parametrize("day", [carried, mixed_day, only_cash, debt_that_was_made])
def test_a_saved_day_comes_out_the_same(desk: Desk, tmp_path: Path, day: Callable[[Desk], Account], is_settled: bool) -> None:
    account = day(desk)
    with desk.now():
        if is_settled:
            settle(desk.market.pk)
        text = scenario_yaml(account, desk.at.date())
    file = tmp_path / "day.yaml"
    file.write_text(text)
    report = run_file(file)
    assert report.lines == [], text
    expected = yaml.safe_load(text)["steps"][-1]["expect"]
    assert ("settlements" in expected) == is_settled


def test_what_was_not_so_shows_where_it_differs(desk: Desk, tmp_path: Path) -> None:
    account = mixed_day(desk)
    with desk.now():
        text = scenario_yaml(account, desk.at.date())
    file = tmp_path / "day.yaml"
    file.write_text(text.replace("price: '1989.5'\n", "price: '1989.4'\n"))
    assert any("fills" in line and "1989.4" in line for line in run_file(file).lines)


def test_a_day_that_began_in_debt_points_to_the_day_that_made_it(desk: Desk) -> None:
    account = debt_that_was_made(desk)
    next_day(desk)
    with desk.now(), pytest.raises(Conflict, match="the day that made the debt"):
        scenario_yaml(account, desk.at.date())


def test_a_day_the_account_has_not_had_is_refused(desk: Desk) -> None:
    account = carried(desk)
    with desk.now(), pytest.raises(NotFound):
        scenario_yaml(account, desk.at.date() + timedelta(days=1))


def test_whoever_may_see_the_account_saves_its_day_from_its_page(desk: Desk) -> None:
    account, day = carried(desk), desk.at.date()
    page, address = f"/admin/accounts/account/{account.pk}/change/", f"/admin/accounts/account/{account.pk}/scenario/"
    with desk.now():
        client = Client()
        client.force_login(User.objects.create_superuser(f"root-{account.number}"))
        assert f'<option value="{day}">' in client.get(page).content.decode()
        answer = client.get(address, {"day": str(day)})
        assert (answer.status_code, answer["Content-Disposition"]) == (200, f'attachment; filename="{account.number.lower()}-{day}.yaml"')
        assert yaml.safe_load(answer.content)["accounts"][0]["id"] == account.number
        refused = client.get(address, {"day": "yesterday"}, follow=True)
        assert "written YYYY-MM-DD" in refused.content.decode()
        assert client.post(address).status_code == 405
        assert client.get("/admin/accounts/account/999999/scenario/", {"day": str(day)}).status_code == 404
        nobody = Client()
        nobody.force_login(User.objects.create_user(f"staff-{account.number}", is_staff=True))
        assert nobody.get(address, {"day": str(day)}).status_code in {403, 404}
