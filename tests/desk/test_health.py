"""/healthz asks nobody; /readyz is 200 only when an order could be dealt, and says which part is missing."""

from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db import OperationalError
from django.test import Client

from accounts.models import AccountFunds
from quotes.models import Market, SessionWindow
from quotes.selectors import calendars
from settlement.enums import VerificationSource
from settlement.selectors import differences
from settlement.services.verification import record
from tests.factories.desk import Desk
from tradingdesk.desk import health
from tradingdesk.kernel import clock

READY = "/readyz"


@pytest.fixture
def fed(desk: Desk) -> Desk:
    Market.objects.filter(pk=desk.market.pk).update(feed="simulator")
    return desk


def ready(desk: Desk, *, later: float = 0) -> tuple[int, dict[str, Any]]:
    with clock.fixed(desk.at + timedelta(seconds=later)):
        response = Client().get(READY)
    return response.status_code, response.json()["checks"]


def test_alive_without_a_database() -> None:
    # no `db` fixture: a query would raise
    response = Client().get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_ready_when_everything_answers_and_quotes_arrive(fed: Desk) -> None:
    status, checks = ready(fed, later=2)
    assert status == 200
    assert set(checks) == {"database", "migrations", "redis", "quotes"}
    assert all(check["ok"] and check["latency_ms"] >= 0 for check in checks.values())
    assert checks["database"]["detail"] == "desk_app"
    assert checks["quotes"]["detail"] == [{"market": "TEST", "instrument": "GOLD-TEST", "state": "fresh", "age_seconds": 2.0}]


def test_not_ready_when_quotes_stopped(fed: Desk) -> None:
    status, checks = ready(fed, later=11)  # the listing allows ten seconds
    assert (status, checks["quotes"]["ok"]) == (503, False)
    assert checks["quotes"]["detail"][0]["state"] == "stale"


def test_a_closed_market_needs_no_quotes(fed: Desk) -> None:
    SessionWindow.objects.all().delete()
    calendars.forget()
    status, checks = ready(fed, later=3600)
    assert (status, checks["quotes"]["detail"][0]["state"]) == (200, "closed")


def test_a_market_without_a_feed_or_switched_off_is_not_waited_for(fed: Desk) -> None:
    Market.objects.update(is_active=False)
    assert ready(fed, later=3600)[0] == 200
    Market.objects.update(is_active=True, feed="")
    assert ready(fed, later=3600)[0] == 200


def test_not_ready_without_redis(fed: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = redis.Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.2)
    monkeypatch.setattr("tradingdesk.kernel.dispatch.client", lambda: nobody)
    status, checks = ready(fed)
    assert (status, checks["redis"]["ok"], checks["redis"]["detail"]) == (503, False, "ConnectionError")


def test_not_ready_without_a_database_and_no_address_is_given_away(fed: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> None:
        raise OperationalError("connection to server at secret-host failed")

    monkeypatch.setitem(health.CHECKS, "database", gone)
    status, checks = ready(fed)
    assert (status, checks["database"]["detail"]) == (503, "OperationalError")


def test_not_ready_while_a_migration_is_missing(fed: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    health._unapplied.cache_clear()
    with monkeypatch.context() as earlier:
        earlier.setattr("django.db.migrations.recorder.MigrationRecorder.applied_migrations", lambda self: {})
        status, checks = ready(fed)
    assert (status, checks["migrations"]["ok"]) == (503, False)
    assert "accounts.0001_initial" in checks["migrations"]["detail"]
    assert ready(fed)[0] == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_only_reading_is_answered(fed: Desk, path: str) -> None:
    assert Client().post(path).status_code == 405


def test_being_polled_while_not_ready_does_not_fill_the_log(fed: Desk, caplog: pytest.LogCaptureFixture) -> None:
    assert ready(fed, later=60)[0] == 503
    assert not [record for record in caplog.records if record.name == "django.request"]


def test_an_open_break_is_shown_and_stops_nobody_from_trading(fed: Desk) -> None:
    def books() -> dict[str, Any]:
        with clock.fixed(fed.at + timedelta(seconds=2)):
            response = Client().get(READY)
        assert (response.status_code, response.json()["status"]) == (200, "ok")
        return response.json()["books"]

    account = fed.account()
    assert (books()["ok"], books()["detail"]) == (True, {"open_breaks": 0, "verified_at": None})
    AccountFunds.objects.filter(account=account).update(margin=1)
    record(differences(), {}, market_id=None, source=VerificationSource.SCHEDULE, started_at=fed.at)
    assert (books()["ok"], books()["detail"]) == (False, {"open_breaks": 1, "verified_at": fed.at.isoformat()})
