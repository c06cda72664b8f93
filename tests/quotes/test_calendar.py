"""Trading days and sessions across weekends, holidays and changes of the clocks."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotes.domain.calendar import Calendar, Window

NEW_YORK = ZoneInfo("America/New_York")
COMEX = Calendar(
    "America/New_York",
    time(17),
    frozenset({1, 2, 3, 4, 5}),
    tuple(Window(day, time(18), time(17)) for day in (7, 1, 2, 3, 4)),
    frozenset({date(2014, 4, 18)}),  # Good Friday
)
SHANGHAI = Calendar(
    "Asia/Shanghai",
    time(16),
    frozenset({1, 2, 3, 4, 5}),
    tuple(w for d in range(1, 6) for w in (Window(d, time(21), time(2, 30)), Window(d, time(9), time(11, 30)), Window(d, time(13, 30), time(15)))),
    frozenset({date(2024, 5, 1)}),
)
ALWAYS = Calendar("UTC", None, frozenset(range(1, 8)), tuple(Window(d, time(0), time(0)) for d in range(1, 8)))


def ny(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=NEW_YORK)


def shanghai(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize(
    ("at", "day", "is_open"),
    [
        (ny(2014, 5, 1, 16, 59, 59), date(2014, 5, 1), True),
        (ny(2014, 5, 1, 17, 0), date(2014, 5, 2), False),  # the break belongs to the day to come
        (ny(2014, 5, 1, 18, 0), date(2014, 5, 2), True),
        (ny(2014, 5, 2, 16, 59), date(2014, 5, 2), True),
        (ny(2014, 5, 2, 17, 0), date(2014, 5, 5), False),  # Friday's close is half-open
        (ny(2014, 5, 3, 12, 0), date(2014, 5, 5), False),
        (ny(2014, 5, 4, 17, 59), date(2014, 5, 5), False),
        (ny(2014, 5, 4, 18, 0), date(2014, 5, 5), True),
        (ny(2014, 4, 17, 18, 0), date(2014, 4, 21), False),  # the session of Good Friday does not take place
        (ny(2014, 4, 18, 10, 0), date(2014, 4, 21), False),
        (ny(2014, 4, 20, 18, 0), date(2014, 4, 21), True),
    ],
)
def test_comex_days_and_sessions(at: datetime, day: date, is_open: bool) -> None:
    assert COMEX.trading_day(at) == day
    assert COMEX.is_open(at) is is_open


@pytest.mark.parametrize(
    ("local", "day", "is_open"),
    [
        (shanghai(2024, 4, 26, 21, 0), date(2024, 4, 29), True),  # Friday's night session is Monday's
        (shanghai(2024, 4, 27, 2, 29), date(2024, 4, 29), True),
        (shanghai(2024, 4, 27, 2, 30), date(2024, 4, 29), False),
        (shanghai(2024, 4, 29, 12, 0), date(2024, 4, 29), False),  # lunch
        (shanghai(2024, 4, 30, 21, 0), date(2024, 5, 2), False),  # the night before a holiday
        (shanghai(2024, 5, 1, 21, 0), date(2024, 5, 2), True),
    ],
)
def test_shanghai_night_sessions(local: datetime, day: date, is_open: bool) -> None:
    assert (SHANGHAI.trading_day(local), SHANGHAI.is_open(local)) == (day, is_open)


def test_bounds_move_with_the_clocks() -> None:
    winter = (datetime(2014, 3, 6, 23, tzinfo=UTC), datetime(2014, 3, 7, 22, tzinfo=UTC))
    summer = (datetime(2014, 3, 9, 22, tzinfo=UTC), datetime(2014, 3, 10, 21, tzinfo=UTC))
    assert COMEX.bounds(date(2014, 3, 7)) == winter
    assert COMEX.bounds(date(2014, 3, 10)) == summer  # clocks went forward on Sunday the 9th


def test_bounds_of_a_day_with_several_sessions_and_of_none() -> None:
    assert SHANGHAI.bounds(date(2024, 4, 29)) == (shanghai(2024, 4, 26, 21), shanghai(2024, 4, 29, 15))
    assert SHANGHAI.bounds(date(2024, 5, 1)) is None
    assert SHANGHAI.bounds(date(2024, 4, 28)) is None


def test_a_day_is_over_at_its_last_close() -> None:
    assert not COMEX.is_over(date(2014, 5, 2), ny(2014, 5, 2, 16, 59, 59))
    assert COMEX.is_over(date(2014, 5, 2), ny(2014, 5, 2, 17, 0))
    assert COMEX.is_over(date(2014, 4, 18), ny(2014, 4, 18, 10, 0))  # a holiday is over once the next day has begun
    assert not COMEX.is_over(date(2014, 4, 18), ny(2014, 4, 17, 10, 0))


def test_next_trading_day_skips_weekends_and_holidays() -> None:
    assert COMEX.next_trading_day(date(2014, 4, 17)) == date(2014, 4, 21)
    with pytest.raises(ValueError, match="no trading day"):
        Calendar("UTC", None, frozenset(), ()).next_trading_day(date(2014, 1, 1))


@pytest.mark.parametrize("calendar", [COMEX, SHANGHAI, ALWAYS])
@pytest.mark.parametrize("day", [date.min, date.max, date(1899, 12, 31), date(2200, 1, 1)])
def test_no_trading_day_lies_where_no_calendar_reaches(calendar: Calendar, day: date) -> None:
    assert not calendar.is_trading_day(day)
    assert calendar.bounds(day) is None
    assert calendar.is_over(day, ny(2014, 5, 2, 12, 0)) is (day.year < 2014)
    if day.year in {1, 9999}:
        for look in (calendar.next_trading_day, calendar.previous_trading_day):
            with pytest.raises(ValueError, match="no trading day"):
                look(day)


def test_round_the_clock_never_closes() -> None:
    at = datetime(2014, 5, 3, 23, 59, 59, 999999, tzinfo=UTC)
    assert ALWAYS.is_open(at)
    assert ALWAYS.is_open(at + timedelta(microseconds=1))
    assert ALWAYS.trading_day(at) == date(2014, 5, 3)


instants = st.integers(1_262_304_000, 1_893_456_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))  # 2010 to 2030


@given(st.sampled_from([COMEX, SHANGHAI, ALWAYS]), instants)
def test_an_open_instant_lies_within_the_bounds_of_its_day(calendar: Calendar, at: datetime) -> None:
    day = calendar.trading_day(at)
    assert calendar.is_trading_day(day)
    if calendar.is_open(at):
        opens, closes = calendar.bounds(day)  # type: ignore[misc]
        assert opens <= at < closes
        assert not calendar.is_over(day, at)


@given(st.sampled_from([COMEX, SHANGHAI, ALWAYS]), instants, st.timedeltas(timedelta(0), timedelta(days=10)))
def test_trading_days_never_go_back(calendar: Calendar, at: datetime, later: timedelta) -> None:
    assert calendar.trading_day(at) <= calendar.trading_day(at + later)
