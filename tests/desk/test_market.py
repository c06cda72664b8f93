"""The market process: one leader, ticks recorded and seen by resting orders in order without a gap, troubles survived."""

import gzip
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from django.db import connection

from quotes.domain.ticks import Tick
from quotes.feeds.base import Batches, Feed
from quotes.feeds.registry import FEEDS
from quotes.locks import NotLeading
from quotes.models import LatestQuote, Market
from quotes.models import Tick as TickRow
from quotes.services.imports import import_file
from quotes.services.ticks import record, take_lead
from tests.quotes.desk import Gold, gold_market, tick
from tradingdesk.desk.market import process as process_module
from tradingdesk.desk.market.process import MarketProcess

FAST = {"seed": 5, "ticks_per_second": 100}


class Seen:
    """Stands where resting orders are evaluated; fails on demand."""

    def __init__(self) -> None:
        self.places: list[int] = []
        self.is_failing = False

    def __call__(self, market_id: int, instrument_id: int, ticks: Sequence[Tick], source: str, *, leader_epoch: int | None = None) -> int:
        if self.is_failing:
            raise RuntimeError("orders are in trouble")
        self.places += [t.seq for t in ticks]
        return 0


@contextmanager
def running(seen: Seen) -> Iterator[MarketProcess]:
    process = MarketProcess(seen)

    def run() -> None:
        try:
            process.run()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield process
    finally:
        process.stop()
        thread.join(30)
        assert not thread.is_alive()


def eventually(condition: Callable[[], Any], seconds: float = 15) -> None:
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, "it did not come about in time"
        sleep(0.02)


@pytest.fixture(autouse=True)
def quick_scans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_module, "SCAN_SECONDS", 0.1)


def quote(gold: Gold) -> LatestQuote:
    return LatestQuote.objects.get(market_id=gold.market)


def test_every_tick_is_recorded_and_seen_once_in_order(own_database: Any) -> None:
    gold, seen = gold_market(always_open=True, feed="simulator", feed_options=FAST), Seen()
    with running(seen):
        eventually(lambda: len(seen.places) > 100)
    assert seen.places == list(range(1, len(seen.places) + 1))
    assert quote(gold).last_seq == quote(gold).evaluated_seq == TickRow.objects.count() == len(seen.places)


def test_a_second_process_stands_by_and_takes_over(own_database: Any) -> None:
    gold, first, second = gold_market(always_open=True, feed="simulator", feed_options=FAST), Seen(), Seen()
    with running(first) as leader:
        eventually(lambda: first.places)
        with running(second):
            sleep(0.5)
            assert second.places == []
            leader.stop()
            eventually(lambda: len(second.places) > 10)
    assert first.places + second.places == list(range(1, quote(gold).last_seq + 1))


def test_markets_opened_closed_and_changed_later_are_noticed(own_database: Any) -> None:
    seen = Seen()
    with running(seen):
        sleep(0.3)
        gold = gold_market(always_open=True, feed="simulator", feed_options=FAST)
        eventually(lambda: seen.places)
        Market.objects.filter(pk=gold.market).update(feed="nonsense")
        sleep(0.5)
        silent = len(seen.places)
        sleep(0.5)
        assert len(seen.places) == silent
        Market.objects.filter(pk=gold.market).update(feed="simulator")
        eventually(lambda: len(seen.places) > silent)


def test_prices_go_on_while_orders_fail_and_orders_make_up_for_it(own_database: Any) -> None:
    gold, seen = gold_market(always_open=True, feed="simulator", feed_options=FAST), Seen()
    with running(seen):
        eventually(lambda: seen.places)
        seen.is_failing = True
        sleep(0.2)
        stopped_at, recorded = len(seen.places), quote(gold).last_seq
        eventually(lambda: quote(gold).last_seq > recorded + 20)
        assert len(seen.places) == stopped_at
        seen.is_failing = False
        eventually(lambda: len(seen.places) > stopped_at + 20)
    assert seen.places == list(range(1, len(seen.places) + 1))


def test_ticks_recorded_while_nobody_led_are_seen_first(own_database: Any, tmp_path: Path) -> None:
    gold, seen = gold_market(always_open=True, feed="tick_file", feed_options={"files": []}), Seen()
    record(gold.market, gold.instrument, [tick(n, "1300") for n in range(5)], "test", evaluated_through=2)
    with running(seen):
        eventually(lambda: seen.places == [3, 4, 5])
        path = tmp_path / "20140502.csv.gz"
        path.write_bytes(gzip.compress(b"1,1300,1301\n2,1301,1300\n3,1302,1303"))
        import_file(gold.market, gold.instrument, path)
        eventually(lambda: seen.places == [3, 4, 5, 6, 8])  # the crossed one fills nothing
        eventually(lambda: quote(gold).evaluated_seq == 8)


def test_a_leader_that_did_not_notice_its_end_is_fenced_off(own_database: Any) -> None:
    gold, seen = gold_market(always_open=True, feed="simulator", feed_options=FAST), Seen()
    take_lead(gold.market, gold.instrument)
    old = take_lead(gold.market, gold.instrument)
    with running(seen):
        eventually(lambda: seen.places)
        before = TickRow.objects.count()
        with pytest.raises(NotLeading) as refused:
            record(gold.market, gold.instrument, [tick(0, "1")], "old leader", leader_epoch=old)
        assert (refused.value.extra["epoch"], refused.value.extra["newest"]) == (2, 3)
        take_lead(gold.market, gold.instrument)  # as another process would; ours still holds the lock, so it leads again at once
        eventually(lambda: TickRow.objects.count() > before + 20)
    assert not TickRow.objects.filter(bid=1).exists()


class Silent(Feed):
    """Says nothing, though it should."""

    stall_seconds = 0.2
    opened = 0

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        type(self).opened += 1

    def take(self, timeout_seconds: float) -> Batches:
        sleep(0.05)
        return {}

    def close(self) -> None:
        pass


def test_a_stalled_feed_is_opened_again_and_said_once(own_database: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setitem(FEEDS, "silent", f"{__name__}.Silent")
    gold_market(always_open=True, feed="silent")
    with running(Seen()):
        eventually(lambda: Silent.opened >= 3)
    assert sum("no tick for 0.2 s" in r.getMessage() for r in caplog.records) == 1


def test_a_recorded_day_is_played_to_its_end(own_database: Any, tmp_path: Path) -> None:
    path = tmp_path / "20140502.csv.gz"
    path.write_bytes(gzip.compress("\n".join(f"{n * 10},1300,1301" for n in range(3_000)).encode()))
    gold, seen = gold_market(feed="tick_file", feed_options={"files": [str(path)]}), Seen()
    with running(seen):
        eventually(lambda: len(seen.places) == 3_000)
    assert quote(gold).evaluated_seq == 3_000


def test_connections_that_die_are_made_anew(own_database: Any) -> None:
    gold, seen = gold_market(always_open=True, feed="simulator", feed_options=FAST), Seen()
    with running(seen):
        eventually(lambda: seen.places)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
        before = quote(gold).last_seq
        eventually(lambda: quote(gold).last_seq > before + 20)
    # a batch whose place was not noted yet is seen again, which changes nothing: orders know what they have seen
    assert list(dict.fromkeys(seen.places)) == list(range(1, quote(gold).last_seq + 1))


def test_the_command_ends_cleanly_on_sigterm(own_database: Any) -> None:
    gold_market(always_open=True, feed="simulator", feed_options=FAST)
    environment = {**os.environ, **own_database.environment, "DJANGO_SETTINGS_MODULE": "tradingdesk.settings"}
    command = [sys.executable, "manage.py", "run_market"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        eventually(lambda: TickRow.objects.count() > 20, 30)
    finally:
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=30)
    assert process.returncode == 0, output
    assert LatestQuote.objects.get().evaluated_seq == TickRow.objects.count()
