"""Calendars as pure values, cached in the process for a few seconds: an edit in the admin is seen that soon."""

import threading
from datetime import date
from time import monotonic

from quotes.domain.calendar import Calendar, Window
from quotes.models import SessionCalendar
from tradingdesk.kernel.errors import NotFound

CACHE_SECONDS = 5.0
_cache: dict[int, tuple[float, Calendar]] = {}
_lock = threading.Lock()


def calendar_of(calendar_id: int) -> Calendar:
    """The calendar as it was at most CACHE_SECONDS ago; raises NotFound."""
    cached = _cache.get(calendar_id)
    if cached is not None and monotonic() - cached[0] < CACHE_SECONDS:
        return cached[1]
    calendar = _load(calendar_id)
    with _lock:
        _cache[calendar_id] = (monotonic(), calendar)
    return calendar


def forget() -> None:
    """Drops what is cached, for tests and for edits that must be seen at once."""
    with _lock:
        _cache.clear()


def _load(calendar_id: int) -> Calendar:
    row = SessionCalendar.objects.prefetch_related("windows", "holidays").filter(pk=calendar_id).first()
    if row is None:
        raise NotFound("There is no such calendar.", calendar=calendar_id)
    holidays: frozenset[date] = frozenset(h.day for h in row.holidays.all())
    windows = tuple(Window(w.weekday, w.opens_at, w.closes_at) for w in row.windows.all())
    return Calendar(row.timezone, row.rolls_at, frozenset(int(d) for d in row.trading_weekdays), windows, holidays)
