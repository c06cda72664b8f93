"""Whether this process lives (`/healthz`, asks nobody) and whether the desk can trade (`/readyz`: database, migrations, Redis, quotes that arrive).

Every check answers by itself, with its state and how long it took; one that fails names the kind of error, never an address. 200 when all are
well, else 503. Beside them stands how the books were found: an open break is for people to look at, and stops nobody from trading.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from http import HTTPStatus
from typing import Any

import redis
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from quotes.domain.dealing import is_fresh
from quotes.models import LatestQuote, Listing
from quotes.selectors.calendars import calendar_of
from settlement.models import Verification
from settlement.selectors import open_breaks
from tradingdesk.kernel import clock, dispatch

FAILURES = (DatabaseError, redis.RedisError, OSError)


class NotReadyError(Exception):
    """A check that could be made and was not passed; the message says what is missing."""


@dataclass(frozen=True)
class State:
    """What one check found."""

    ok: bool
    latency_ms: float
    detail: Any


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Everything an order needs is there."""
    checks = {name: measured(check) for name, check in CHECKS.items()}
    ready = all(state.ok for state in checks.values())
    shown = {name: asdict(state) for name, state in checks.items()}
    body = {"status": "ok" if ready else "unavailable", "checks": shown, "books": asdict(measured(books))}
    response = JsonResponse(body, status=HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE)
    response._has_been_logged = True  # type: ignore[attr-defined]  # who polls reads the answer; Django would log every 503 as an error
    return response


def measured(check: Callable[[], Any]) -> State:
    """Runs one check; expected failures become its state."""
    started = time.perf_counter()
    try:
        ok, detail = True, check()
    except NotReadyError as missing:
        ok, detail = False, missing.args[0]
    except FAILURES as error:
        ok, detail = False, type(error).__name__
    return State(ok=ok, latency_ms=round((time.perf_counter() - started) * 1000, 1), detail=detail)


def database() -> str:
    """PostgreSQL answers this process."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return str(cursor.fetchone()[0])


def migrations() -> str:
    """The schema is the code's. Once found so, it is not asked again: schema and code change with a restart."""
    missing = _unapplied()
    if missing:
        _unapplied.cache_clear()
        raise NotReadyError(list(missing))
    return "applied"


@cache
def _unapplied() -> tuple[str, ...]:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return tuple(f"{migration.app_label}.{migration.name}" for migration, _ in plan)


def hints() -> str:
    """Redis answers."""
    dispatch.client().ping()
    return "answers"


def quotes() -> list[dict[str, Any]]:
    """Every active listing of a fed market has a quote young enough to deal on, or is out of session."""
    now = clock.now()
    listings = Listing.objects.filter(is_active=True, market__is_active=True).exclude(market__feed="").select_related("market", "instrument")
    received = {
        (q.market_id, q.instrument_id): q.received_at for q in LatestQuote.objects.filter(market__in={listing.market_id for listing in listings})
    }
    states = [_quote_state(listing, received.get((listing.market_id, listing.instrument_id)), now) for listing in listings]
    if any(state["state"] in {"stale", "none"} for state in states):
        raise NotReadyError(states)
    return states


def _quote_state(listing: Listing, received_at: datetime | None, now: datetime) -> dict[str, Any]:
    age = None if received_at is None else round((now - received_at).total_seconds(), 1)
    if age is not None and is_fresh(age, listing.max_quote_age_seconds):
        state = "fresh"
    elif not calendar_of(listing.calendar_id).is_open(now):
        state = "closed"
    else:
        state = "none" if age is None else "stale"
    return {"market": listing.market.code, "instrument": listing.instrument.symbol, "state": state, "age_seconds": age}


def books() -> dict[str, Any]:
    """The breaks that the last verification left open, and when that was."""
    last = Verification.objects.order_by("-id").first()
    found = {"open_breaks": open_breaks(), "verified_at": last and last.started_at.isoformat()}
    if found["open_breaks"]:
        raise NotReadyError(found)
    return found


CHECKS: dict[str, Callable[[], Any]] = {"database": database, "migrations": migrations, "redis": hints, "quotes": quotes}
