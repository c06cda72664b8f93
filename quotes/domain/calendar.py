"""Which trading day an instant belongs to, and when trading is possible (rules/futures.md §7). Pure; right across changes of the clocks.

Sessions are half-open, [open, close). A session that opens before the roll belongs to its opening date; one that opens at or after it belongs to
the next trading weekday, so that Friday's night session is Monday's. A session of a holiday, or a day session on a weekday without trading, does
not take place.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
LONGEST_PAUSE_DAYS = 400  # a calendar without a trading day for longer than this is misconfigured
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)  # no calendar reaches beyond: no trading day lies outside
SESSION_REACH_DAYS = 7  # a session opens at most this many days before the trading day it belongs to


@dataclass(frozen=True, slots=True)
class Window:
    """A weekly session: opens on ISO weekday 1 to 7 at local time; a close at or before the open lies on the following day."""

    weekday: int
    opens_at: time
    closes_at: time


@dataclass(frozen=True)
class Calendar:
    """Sessions in one time zone. Local times at or after `rolls_at` belong to the next trading day; None: days begin at midnight."""

    timezone: str
    rolls_at: time | None
    weekdays: frozenset[int]
    windows: tuple[Window, ...]
    holidays: frozenset[date] = frozenset()
    zone: ZoneInfo = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "zone", ZoneInfo(self.timezone))

    def trading_day(self, at: datetime) -> date:
        """The trading day of an instant, also while the market is closed: then the one that comes next."""
        local = at.astimezone(self.zone)
        day = local.date() + DAY if self._rolled(local.time()) else local.date()
        return day if self.is_trading_day(day) else self.next_trading_day(day)

    def is_trading_day(self, day: date) -> bool:
        """Whether anything settles on this date."""
        return FIRST_DAY <= day <= LAST_DAY and day.isoweekday() in self.weekdays and day not in self.holidays

    def next_trading_day(self, day: date) -> date:
        """The first trading day after `day`; ValueError when the calendar has none."""
        return self._nearest(day, 1, "after")

    def trading_days(self, first: date, last: date) -> list[date]:
        """Every trading day from `first` to `last`, both included; none when `first` lies after `last`."""
        days = [] if first > last or not self.is_trading_day(first) else [first]
        while (day := self.next_trading_day(days[-1] if days else first)) <= last:
            days.append(day)
        return days

    def previous_trading_day(self, day: date) -> date:
        """The last trading day before `day`; ValueError when the calendar has none."""
        return self._nearest(day, -1, "before")

    def is_open(self, at: datetime) -> bool:
        """Whether a session that takes place covers the instant."""
        today = at.astimezone(self.zone).date()
        return any(opens <= at < closes for opened in (today - DAY, today) for opens, closes, _ in self._sessions_opening(opened))

    def bounds(self, day: date) -> tuple[datetime, datetime] | None:
        """First open and last close of a trading day, in UTC; None when no session belongs to it."""
        if not self.is_trading_day(day):
            return None
        dates = (day - days * DAY for days in range(SESSION_REACH_DAYS, -1, -1))
        sessions = [(opens, closes) for opened in dates for opens, closes, belongs_to in self._sessions_opening(opened) if belongs_to == day]
        return (min(o for o, _ in sessions), max(c for _, c in sessions)) if sessions else None

    def is_over(self, day: date, at: datetime) -> bool:
        """Whether the last session of the day has closed; a day without sessions is over once the next trading day has begun."""
        bounds = self.bounds(day)
        return at >= bounds[1] if bounds else self.trading_day(at) > day

    def _nearest(self, day: date, direction: int, where: str) -> date:
        for days in range(1, LONGEST_PAUSE_DAYS):
            found = _clamped(day.toordinal() + direction * days)
            if self.is_trading_day(found):
                return found
        raise ValueError(f"no trading day within {LONGEST_PAUSE_DAYS} days {where} {day}")

    def _rolled(self, local: time) -> bool:
        return self.rolls_at is not None and local >= self.rolls_at

    def _sessions_opening(self, opened: date) -> Iterator[tuple[datetime, datetime, date]]:
        """(open, close, trading day) of the sessions that open on this local date and take place."""
        for window in self.windows:
            if window.weekday != opened.isoweekday():
                continue
            day = self._belongs_to(window, opened)
            if self.is_trading_day(day):
                closed = opened if window.closes_at > window.opens_at else opened + DAY
                yield self._instant(opened, window.opens_at), self._instant(closed, window.closes_at), day

    def _belongs_to(self, window: Window, opened: date) -> date:
        if not self._rolled(window.opens_at):
            return opened
        return next((d for n in range(1, 8) if (d := opened + n * DAY).isoweekday() in self.weekdays), opened)

    def _instant(self, day: date, local: time) -> datetime:
        return datetime.combine(day, local, self.zone).astimezone(UTC)


def _clamped(ordinal: int) -> date:
    # Never beyond the day next to the calendar's reach, which is no trading day: dates themselves end in the years 1 and 9999.
    return date.fromordinal(min(max(ordinal, FIRST_DAY.toordinal() - 1), LAST_DAY.toordinal() + 1))
