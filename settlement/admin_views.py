"""Settle a day: GET says what would be settled and what that means now, POST asks the service. Refusals are messages; nothing is decided here."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from quotes.domain.calendar import FIRST_DAY, LAST_DAY
from quotes.models import Market
from quotes.selectors.markets import BEFORE_FIRST_DAY, calendar_day, market_calendar, market_now
from settlement.models import SettlementRun
from settlement.selectors import next_day
from settlement.services.run import settle
from tradingdesk.kernel.admin import run_with_message

PERMISSION = "settlement.settle_market"


@dataclass(frozen=True)
class Proposal:
    """A market's day and where it stands. `closes_at` is the last close of its sessions; `run` its settlement, where that was begun."""

    market: Market
    trading_day: date
    now: datetime
    closes_at: datetime | None
    is_over: bool
    run: SettlementRun | None


def may_settle(user: Any) -> bool:
    """Whether this person's roles allow it."""
    return user.has_perm(PERMISSION)


@require_http_methods(["GET", "HEAD", "POST"])
def settle_day(request: HttpRequest, model_admin: ModelAdmin) -> HttpResponse:
    """The confirmation page, and what its button does."""
    if not may_settle(request.user):
        raise PermissionDenied
    chosen = request.POST if request.method == "POST" else request.GET
    market = _market(chosen.get("market", "")) or (_only_market() if request.method != "POST" else None)
    asked = chosen.get("trading_day", "")
    day = _day(asked)
    if request.method == "POST":
        return _settle(request, market, day)
    if asked and day is None:
        messages.error(request, f"INVALID_REQUEST: {asked[:32]} is no trading day of any calendar; write YYYY-MM-DD, from {FIRST_DAY} to {LAST_DAY}.")
        market = None
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "Settle a day",
        "markets": Market.objects.filter(is_active=True),
        "proposal": proposal(market, day) if market else None,
    }
    return render(request, "admin/settlement/settle.html", context)


def _settle(request: HttpRequest, market: Market | None, day: date | None) -> HttpResponse:
    here = reverse("admin:settlement_settle")
    if market is None or day is None:
        messages.error(request, "INVALID_REQUEST: Choose a market and a trading day.")
        return HttpResponseRedirect(here)
    run = run_with_message(
        request,
        f"{market.code} {day} is settled.",
        lambda: settle(market.pk, day, actor_id=request.user.pk, request_id=request.request_id),  # type: ignore[attr-defined]
    )
    if run is None:
        return HttpResponseRedirect(f"{here}?market={market.pk}&trading_day={day}")
    return HttpResponseRedirect(reverse("admin:settlement_settlementrun_change", args=[run.pk]))


def proposal(market: Market, day: date | None) -> Proposal | None:
    """The chosen day, else the one that comes next; None where the market lists nothing, or has no trading day yet."""
    if not market.listings.exists() or calendar_day(market) == BEFORE_FIRST_DAY:  # type: ignore[attr-defined]
        return None
    calendar, now = market_calendar(market.pk), market_now(market)
    day = day or min(next_day(market), calendar_day(market))
    bounds = calendar.bounds(day)
    return Proposal(
        market=market,
        trading_day=day,
        now=now,
        closes_at=bounds[1] if bounds else None,
        is_over=calendar.is_over(day, now),
        run=SettlementRun.objects.filter(market=market, trading_day=day).first(),
    )


def _market(text: str) -> Market | None:
    return Market.objects.filter(pk=int(text), is_active=True).first() if text.isascii() and text.isdigit() and len(text) < 18 else None


def _only_market() -> Market | None:
    """Where there is one market to choose from, it is chosen."""
    active = list(Market.objects.filter(is_active=True)[:2])
    return active[0] if len(active) == 1 else None


def _day(text: str) -> date | None:
    """A date that some calendar reaches; None for anything else."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if FIRST_DAY <= day <= LAST_DAY else None
