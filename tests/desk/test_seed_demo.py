"""The demo desk: there after one run, unchanged by the next, and never in an operator's way."""

import json
import stat
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django_celery_beat.models import PeriodicTask

from accounts.enums import Role
from accounts.models import Account, Entry, User
from accounts.roles import enters_admin
from quotes.models import Bar, Listing, Market, SessionCalendar
from quotes.selectors import calendars
from tradingdesk.desk.demo import history, markets, people
from tradingdesk.schedules import SCHEDULES

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Path:
    monkeypatch.setenv("DESK_VAR", str(tmp_path))
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # nine passwords a test
    monkeypatch.setattr(history, "HOURS", 0.05)  # three minutes of past prices are enough for most of them
    calendars.forget()
    return tmp_path / "secrets" / "logins.json"


def seed() -> None:
    call_command("seed_demo", verbosity=0)


def counts() -> dict[str, int]:
    tables = [model for model in apps.get_models() if model._meta.managed]
    return {model._meta.label: model._default_manager.count() for model in tables}


def test_it_makes_a_desk_that_can_trade() -> None:
    seed()
    listing = Listing.objects.get(market__code="DEMO", instrument__symbol="XAUUSD")
    assert (listing.market.feed, listing.calendar.code, listing.is_active) == ("simulator", "ROUND_THE_CLOCK", True)
    trader = Account.objects.get(number="D-1001")
    assert (trader.owner.username, trader.funds.balance) == ("trader", 100_000)
    book = Account.objects.filter(agents__username="agent")
    assert book.count() == 45
    assert len({account.funds.balance for account in book}) == 45
    assert {account.tier.name for account in book} == {"Standard", "Professional"}
    assert sum(Entry.objects.values_list("amount", flat=True)) == 0


def test_a_second_run_changes_nothing(own_installation: Path) -> None:
    seed()
    before, logins = counts(), own_installation.read_text()
    seed()
    assert (counts(), own_installation.read_text()) == (before, logins)


def test_every_role_can_sign_in_with_the_password_that_is_printed(own_installation: Path) -> None:
    seed()
    logins = json.loads(own_installation.read_text())
    assert set(logins) == {*Role.values, "admin"}
    for role, login in logins.items():
        user = User.objects.get(username=login["username"])
        assert user.check_password(login["password"])
        assert user.is_staff == (role == "admin" or enters_admin([role]))
        assert user.is_superuser == (role == "admin")
        assert {group.name for group in user.groups.all()} == {role} - {"admin"}
    assert len({login["password"] for login in logins.values()}) == len(logins)
    assert stat.S_IMODE(own_installation.stat().st_mode) == 0o600


def test_logins_that_were_lost_are_made_anew_and_kept_ones_are_left(own_installation: Path) -> None:
    seed()
    logins = json.loads(own_installation.read_text())
    lost = logins.pop("risk")
    own_installation.write_text(json.dumps(logins))
    User.objects.get(username="dealer").set_password("changed by the dealer")
    seed()
    again = json.loads(own_installation.read_text())
    assert again["risk"]["password"] != lost["password"]
    assert User.objects.get(username="risk").check_password(again["risk"]["password"])
    assert {role: login for role, login in again.items() if role != "risk"} == logins


def test_a_fresh_database_takes_the_logins_that_are_there(own_installation: Path) -> None:
    own_installation.parent.mkdir(mode=0o700)
    own_installation.write_text(json.dumps({"trader": {"username": "trader", "password": "from an earlier database"}}))
    people.people()
    assert User.objects.get(username="trader").check_password("from an earlier database")


def test_a_logins_file_cut_short_does_not_stop_the_desk(own_installation: Path) -> None:
    own_installation.parent.mkdir(mode=0o700)
    own_installation.write_text('{"trader": {"user')
    people.people()
    assert set(json.loads(own_installation.read_text())) == {*Role.values, "admin"}


def test_an_operator_s_edits_stay() -> None:
    seed()
    Market.objects.filter(code="DEMO").update(name="Show room", is_active=False)
    PeriodicTask.objects.filter(name=SCHEDULES[0]["name"]).update(enabled=False, queue="elsewhere")
    SessionCalendar.objects.get(code="SPOT_GOLD").windows.all().delete()
    seed()
    market = Market.objects.get(code="DEMO")
    job = PeriodicTask.objects.get(name=SCHEDULES[0]["name"])
    assert (market.name, market.is_active, job.enabled, job.queue) == ("Show room", False, False, "elsewhere")
    assert not SessionCalendar.objects.get(code="SPOT_GOLD").windows.exists()


def test_an_account_opened_but_not_funded_is_funded_by_the_next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as cut:
        cut.setattr("tradingdesk.desk.demo.book.post_cash", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            seed()
    assert Account.objects.get(number="D-1001").funds.balance == 0
    seed()
    assert Account.objects.get(number="D-1001").funds.balance == 100_000


def test_every_job_on_a_clock_is_there() -> None:
    seed()
    found = PeriodicTask.objects.filter(name__in=[schedule["name"] for schedule in SCHEDULES])
    every = {(job.task, job.queue, job.interval.every, job.expire_seconds) for job in found if job.interval}
    assert every == {(s["task"], s["queue"], s["every_seconds"], s["every_seconds"]) for s in SCHEDULES if "every_seconds" in s}
    daily = {
        (job.task, job.queue, f"{int(job.crontab.hour):02}:{int(job.crontab.minute):02}", str(job.crontab.timezone)) for job in found if job.crontab
    }
    assert daily == {(s["task"], s["queue"], s["daily_at"], "UTC") for s in SCHEDULES if "daily_at" in s}
    assert found.count() == len(SCHEDULES)


def test_a_daily_job_is_due_once_a_day_at_its_time() -> None:
    seed()
    crontab = PeriodicTask.objects.get(task="settlement.tasks.verify_books").crontab
    schedule = crontab.schedule
    schedule.nowfun = lambda: datetime(2026, 3, 3, 2, 30, 1, tzinfo=UTC)
    assert schedule.is_due(datetime(2026, 3, 2, 2, 30, 0, tzinfo=UTC)).is_due
    assert not schedule.is_due(datetime(2026, 3, 3, 2, 30, 0, tzinfo=UTC)).is_due


def test_an_operator_s_time_of_day_stays() -> None:
    seed()
    job = PeriodicTask.objects.get(task="settlement.tasks.verify_books")
    crontab = job.crontab
    crontab.hour = "4"
    crontab.save()
    seed()
    job.refresh_from_db()
    assert (job.crontab.hour, PeriodicTask.objects.filter(task=job.task).count()) == ("4", 1)


@pytest.mark.parametrize(
    ("at", "day", "is_open"),
    [
        # New York is four hours behind UTC in May
        (datetime(2014, 5, 2, 0, 0, 0, tzinfo=UTC), date(2014, 5, 2), True),  # Thursday 20:00
        (datetime(2014, 5, 2, 12, 30, 0, tzinfo=UTC), date(2014, 5, 2), True),  # payrolls
        (datetime(2014, 5, 2, 20, 59, 59, tzinfo=UTC), date(2014, 5, 2), True),  # the week's last tick
        (datetime(2014, 5, 2, 21, 0, 0, tzinfo=UTC), date(2014, 5, 2), False),
        (datetime(2014, 5, 2, 21, 15, 0, tzinfo=UTC), date(2014, 5, 5), False),
        (datetime(2014, 5, 3, 12, 0, 0, tzinfo=UTC), date(2014, 5, 5), False),  # Saturday
        (datetime(2014, 5, 4, 21, 59, 59, tzinfo=UTC), date(2014, 5, 5), False),
        (datetime(2014, 5, 4, 22, 0, 0, tzinfo=UTC), date(2014, 5, 5), True),  # Sunday 18:00 is Monday's
        (datetime(2014, 5, 5, 21, 14, 59, tzinfo=UTC), date(2014, 5, 5), True),
        (datetime(2014, 5, 5, 21, 15, 0, tzinfo=UTC), date(2014, 5, 6), False),  # the daily break
        (datetime(2014, 5, 5, 22, 0, 0, tzinfo=UTC), date(2014, 5, 6), True),
        (datetime(2014, 1, 5, 23, 0, 0, tzinfo=UTC), date(2014, 1, 6), True),  # five hours behind in January
    ],
)
def test_spot_gold_keeps_the_recorded_week(at: datetime, day: date, is_open: bool) -> None:
    calendar = calendars.calendar_of(markets.spot_gold().pk)
    assert (calendar.trading_day(at), calendar.is_open(at)) == (day, is_open)


def test_the_first_start_has_some_hours_of_candles_and_the_second_adds_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "HOURS", 8)
    market = markets.demo_market()
    written = history.past_prices(market)
    # half a tick a second for eight hours, give or take
    assert 13_000 < written < 16_000
    assert 475 <= Bar.objects.filter(market=market).count() <= 481
    assert history.past_prices(market) == 0
