"""Ticks, newest first, of one market, instrument and trading day: a page of its own, because the admin cannot register a composite key.

Paged by key (`seq` below the last one shown), never counted: a day has hundreds of thousands.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from quotes.enums import TickFlag
from quotes.models import Instrument, LatestQuote, Market, Tick

PERMISSION = "quotes.view_tick"
PAGE_ROWS = 100


class TickFilter(forms.Form):
    """Which ticks to show; without a market, an instrument or a day, those of the newest quote."""

    market = forms.ModelChoiceField(Market.objects.all(), required=False, empty_label="Any: the newest quote's")
    instrument = forms.ModelChoiceField(Instrument.objects.all(), required=False, empty_label="Any: the newest quote's")
    trading_day = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    flagged = forms.BooleanField(required=False, label="Flagged only")
    before = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, label="Before seq")


@dataclass(frozen=True)
class Page:
    """Rows of one page. `older` is the query that shows the next one, None on the last."""

    quote: LatestQuote | None
    rows: list[Tick]
    day: date | None
    older: int | None


@require_safe
def ticks(request: HttpRequest) -> HttpResponse:
    """The page; refuses whoever may not see ticks."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    form = TickFilter(request.GET or None)
    chosen = form.cleaned_data if form.is_bound and form.is_valid() else {}
    page = page_of(chosen) if chosen or not form.is_bound else Page(None, [], None, None)
    context = {**admin.site.each_context(request), "title": "Ticks", "form": form, "page": page, "next": next_query(request, page)}
    return render(request, "admin/quotes/ticks.html", context)


def page_of(chosen: dict[str, Any]) -> Page:
    """The newest PAGE_ROWS ticks that the filter leaves, by the primary key's order."""
    quote = newest_quote(chosen.get("market"), chosen.get("instrument"))
    day = chosen.get("trading_day") or (quote.trading_day if quote else None)
    if quote is None or day is None:
        return Page(quote, [], day, None)
    rows = Tick.objects.filter(trading_day=day, market_id=quote.market_id, instrument_id=quote.instrument_id).order_by("-seq")
    if chosen.get("flagged"):
        rows = rows.exclude(flag=TickFlag.CLEAN)
    if chosen.get("before"):
        rows = rows.filter(seq__lt=chosen["before"])
    found = list(rows[: PAGE_ROWS + 1])
    return Page(quote, found[:PAGE_ROWS], day, found[PAGE_ROWS - 1].seq if len(found) > PAGE_ROWS else None)


def newest_quote(market: Market | None, instrument: Instrument | None) -> LatestQuote | None:
    """The quote row that the choice leaves; it names market, instrument and the newest trading day."""
    quotes = LatestQuote.objects.select_related("market", "instrument").exclude(trading_day=None)
    if market is not None:
        quotes = quotes.filter(market=market)
    if instrument is not None:
        quotes = quotes.filter(instrument=instrument)
    return quotes.order_by("-received_at").first()


def next_query(request: HttpRequest, page: Page) -> str | None:
    """The query string of the next page: this page's market, instrument and day pinned, so that a newer quote does not change them."""
    if page.older is None or page.quote is None:
        return None
    query = request.GET.copy()
    query["market"], query["instrument"] = str(page.quote.market_id), str(page.quote.instrument_id)
    query["trading_day"], query["before"] = str(page.day), str(page.older)
    return query.urlencode()
