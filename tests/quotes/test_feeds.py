"""Feeds: the simulator is a function of its seed, keeps to sessions and goes on where it stopped; playback loses and repeats nothing."""

import gzip
import threading
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Any

import pytest

from quotes.domain.ticks import Tick
from quotes.domain.walk import Walk, WalkSettings
from quotes.feeds.base import Wanted
from quotes.feeds.playback import Playback
from quotes.feeds.registry import open_feed
from quotes.feeds.simulator import Simulator
from tradingdesk.kernel.errors import InvalidRequest

SETTINGS = WalkSettings(7, Decimal(2400), 0.16, Decimal("0.3"), Decimal("0.01"), 4.0)


def wanted(latest: Tick | None = None, *, is_open: bool = True) -> Wanted:
    return Wanted(1, "XAUUSD", Decimal("0.01"), lambda at: is_open, latest)


def quotes(walk: Walk, count: int) -> list[tuple[float, Decimal, Decimal]]:
    return [walk.step() for _ in range(count)]


def test_the_same_seed_gives_the_same_walk() -> None:
    assert quotes(Walk(SETTINGS), 500) == quotes(Walk(SETTINGS), 500)
    other = WalkSettings(8, Decimal(2400), 0.16, Decimal("0.3"), Decimal("0.01"), 4.0)
    assert quotes(Walk(other), 500) != quotes(Walk(SETTINGS), 500)


def test_a_day_of_the_walk_looks_like_gold() -> None:
    steps = quotes(Walk(SETTINGS), 100_000)  # some seven hours
    spreads = [ask - bid for _, bid, ask in steps]
    assert all(bid % SETTINGS.tick_size == ask % SETTINGS.tick_size == 0 for _, bid, ask in steps)
    assert min(spreads) > 0
    assert Decimal("0.25") < median(spreads) < Decimal("0.40")
    assert max(spreads) > Decimal("0.9")  # it widens with jumps
    mids = [float(bid + ask) / 2 for _, bid, ask in steps]
    assert 0.001 < (max(mids) - min(mids)) / 2400 < 0.05
    assert sum(seconds for seconds, _, _ in steps) == pytest.approx(25_000, rel=0.03)


def test_goes_on_from_the_latest_quote() -> None:
    latest = Tick(900, datetime(2026, 1, 5, 12, tzinfo=UTC), Decimal("2711.10"), Decimal("2711.40"))
    first, again = (Simulator({"seed": 3, "ticks_per_second": 500}, [wanted(latest)]) for _ in range(2))
    tick = first.take(1)[1][0]
    assert abs(tick.bid - latest.bid) < 1
    assert (tick.bid, tick.ask) == (again.take(1)[1][0].bid, tick.ask)


def test_is_silent_while_the_session_is_closed() -> None:
    simulator = Simulator({"ticks_per_second": 1000}, [wanted(is_open=False)])
    assert simulator.take(0.05) == {}
    assert simulator.take(0.05) == {}


def test_close_ends_a_wait_at_once() -> None:
    simulator = Simulator({"ticks_per_second": 0.01}, [wanted()])
    threading.Timer(0.05, simulator.close).start()
    started = monotonic()
    assert simulator.take(30) == {}
    assert monotonic() - started < 5
    simulator.close()


@pytest.mark.parametrize(
    "options",
    [
        {"seed": "x"}, {"seed": True}, {"start_price": 0}, {"start_price": "NaN"}, {"volatility": -1}, {"spread": []}, {"ticks_per_second": 1e9},
        {"instruments": {"XAUUSD": {"spread": "-1"}}},
    ],
)  # fmt: skip
def test_options_out_of_bounds_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        Simulator(options, [wanted()])


def test_an_unknown_feed_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidRequest) as refused:
        open_feed("telepathy", {}, [])
    assert refused.value.as_dict()["extra"] == {"feed": "telepathy", "known": ["simulator", "tick_file"]}


ROWS = [f"{n * 100},{1300 + n},{1301 + n}" for n in range(1_200)]
ROWS[700] = ROWS[699].replace("1999", "1998.5")  # two ticks of one instant


def record_day(folder: Path, rows: list[str] = ROWS, day: str = "20140502") -> str:
    path = folder / f"{day}.csv.gz"
    path.write_bytes(gzip.compress("\n".join(rows).encode()))
    return str(path)


def drain(feed: Playback) -> list[Tick]:
    ticks: list[Tick] = []
    while not feed.is_finished:
        ticks += feed.take(0).get(1, [])
    return ticks


def test_plays_every_tick_once_in_order(tmp_path: Path) -> None:
    files = [record_day(tmp_path), record_day(tmp_path, ROWS[:3], "20140505")]
    ticks = drain(Playback({"files": files}, [wanted()]))
    assert len(ticks) == 1_203
    assert [t.time for t in ticks] == sorted(t.time for t in ticks)


@pytest.mark.parametrize("batches", [1, 2])
def test_a_restart_loses_and_repeats_nothing(tmp_path: Path, batches: int) -> None:
    options = {"files": [record_day(tmp_path)]}
    first = Playback(options, [wanted()])
    before = [tick for _ in range(batches) for tick in first.take(0)[1]]
    after = drain(Playback(options, [wanted(latest=before[-1])]))
    assert before + after == drain(Playback(options, [wanted()]))


def test_keeps_its_pace(tmp_path: Path) -> None:
    feed = open_feed("tick_file", {"files": [record_day(tmp_path)], "speed": 10}, [wanted()])
    started = monotonic()
    taken = [feed.take(0.2).get(1, []) for _ in range(10)]
    assert sum(map(len, taken)) == pytest.approx((monotonic() - started) * 100, abs=25)  # ten times ten ticks a second


@pytest.mark.parametrize(
    "options", [{}, {"files": "one.csv"}, {"files": {"XAUUSD": "one.csv"}}, {"files": [], "speed": -1}, {"files": [], "speed": "x"}]
)
def test_playback_refuses_options_it_cannot_use(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        Playback(options, [wanted()])


def test_playback_merges_instruments_by_time(tmp_path: Path) -> None:
    silver = Wanted(2, "XAGUSD", Decimal("0.01"), lambda at: True)
    (tmp_path / "silver").mkdir()
    files = {"XAUUSD": [record_day(tmp_path, ROWS[:4])], "XAGUSD": [record_day(tmp_path / "silver", ROWS[2:4])]}
    batches = Playback({"files": files}, [wanted(), silver]).take(0)
    assert {instrument: len(ticks) for instrument, ticks in batches.items()} == {1: 4, 2: 2}
