"""The market process: one leader, ticks recorded and seen by resting orders in order without a gap, troubles survived."""

import gzip
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event
from time import monotonic, sleep
from typing import Any

import pytest
from django.db import connection

from orders.exceptions import EvaluationIncomplete
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
from tradingdesk.desk.market import stream as stream_module
from tradingdesk.desk.market.follower import Follower
from tradingdesk.desk.market.leadership import Leadership
from tradingdesk.desk.market.process import MarketProcess, followed_markets
from tradingdesk.kernel.locks import AdvisoryLock
from tradingdesk.kernel.session_locks import SessionLocks

FAST = {"seed": 5, "ticks_per_second": 100}


class Seen:
    """Stands where resting orders are evaluated; fails on demand."""

    def __init__(self) -> None:
        self.places: list[int] = []
        self.source_of: dict[int, str] = {}
        self.is_failing = False
        self.refusals: list[Exception] = []
        self.hold: Event | None = None
        self.is_held = False

    @property
    def sources(self) -> set[str]:
        return set(self.source_of.values())

    def __call__(self, market_id: int, instrument_id: int, ticks: Sequence[Tick], source: str, *, leader_epoch: int | None = None) -> int:
        if self.is_failing:
            raise RuntimeError("orders are in trouble")
        if self.refusals and ticks:
            raise self.refusals.pop()
        if self.hold is not None and ticks:
            self.is_held = True
            self.hold.wait(20)
        self.places += [t.seq for t in ticks]
        self.source_of |= {t.seq: source for t in ticks}
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


def quote_or_none(gold: Gold) -> LatestQuote | None:
    return LatestQuote.objects.filter(market_id=gold.market).first()


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


def test_a_market_without_a_feed_sees_what_is_imported(own_database: Any, tmp_path: Path) -> None:
    gold, seen = gold_market(), Seen()
    with running(seen):
        eventually(lambda: quote_or_none(gold))
        path = tmp_path / "20140502.csv.gz"
        path.write_bytes(gzip.compress(b"1,1300,1301\n2,1302,1303"))
        import_file(gold.market, gold.instrument, path)
        eventually(lambda: seen.places == [1, 2])
        eventually(lambda: quote(gold).evaluated_seq == 2)


def test_ticks_that_were_read_back_are_called_stored_and_live_ones_by_their_feed(own_database: Any) -> None:
    gold, seen = gold_market(always_open=True, feed="simulator", feed_options=FAST), Seen()
    record(gold.market, gold.instrument, [tick(n, "1300") for n in range(3)], "another feed")
    with running(seen):
        eventually(lambda: "simulator" in seen.sources)
    assert seen.sources == {"stored", "simulator"}
    assert {seen.source_of[place] for place in (1, 2, 3)} == {"stored"}


def test_the_lead_is_taken_once_however_often_the_feed_fails(own_database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FEEDS, "silent", f"{__name__}.Silent")
    gold = gold_market(always_open=True, feed="silent")
    opened = Silent.opened
    with running(Seen()):
        eventually(lambda: Silent.opened >= opened + 3)
    assert quote(gold).leader_epoch == 1


def end_leader_connection() -> None:
    """The one connection that holds the market ends; the others stand."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'market leader' AND datname = current_database()"
        )
        assert cursor.fetchall() == [(True,)]


def lose_the_lock() -> None:
    """The same, where nobody connects again; returns when it is gone."""
    end_leader_connection()
    eventually(lambda: not is_leader_connected())


def is_leader_connected() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'market leader' AND datname = current_database()")
        return cursor.fetchone() != (0,)


def test_who_lost_the_lock_does_not_take_the_lead_from_whoever_has_it_now(own_database: Any) -> None:
    gold = gold_market(always_open=True, feed="simulator", feed_options=FAST)
    former = Leadership()
    assert former.lead(gold.market)
    lose_the_lock()
    rightful = Leadership()
    try:
        assert rightful.lead(gold.market)
        epoch = take_lead(gold.market, gold.instrument, partial(rightful.check_market, gold.market))
        (followed,) = followed_markets()
        follower = Follower(followed, Seen(), partial(former.check_market, gold.market))
        follower.start()
        follower.join(15)
        assert not follower.is_alive()
        assert quote(gold).leader_epoch == epoch
    finally:
        former.close()
        rightful.close()


def test_a_lock_that_is_lost_is_taken_anew_and_ticks_go_on_without_a_gap(own_database: Any) -> None:
    gold, seen = gold_market(always_open=True, feed="simulator", feed_options=FAST), Seen()
    with running(seen):
        eventually(lambda: seen.places)
        end_leader_connection()
        eventually(lambda: quote(gold).leader_epoch == 2)
        before = quote(gold).last_seq
        eventually(lambda: quote(gold).last_seq > before + 20)
    assert list(dict.fromkeys(seen.places)) == list(range(1, quote(gold).last_seq + 1))


def test_a_market_is_released_only_once_its_follower_has_ended(own_database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_module, "JOIN_SECONDS", 0.1)
    gold, seen, go_on = gold_market(always_open=True, feed="simulator", feed_options=FAST), Seen(), Event()
    seen.hold = go_on
    with running(seen):
        try:
            eventually(lambda: seen.is_held)
            Market.objects.filter(pk=gold.market).update(is_active=False)
            sleep(1)
            with SessionLocks("a standby") as standby:
                assert not standby.take(AdvisoryLock.MARKET_LEADER, gold.market)
                go_on.set()
                eventually(lambda: standby.take(AdvisoryLock.MARKET_LEADER, gold.market))
        finally:
            go_on.set()


def incomplete() -> EvaluationIncomplete:
    return EvaluationIncomplete("Some accounts are busy; their orders wait.", accounts=[1])


def test_an_incomplete_evaluation_is_made_up_for_at_once_without_a_word(own_database: Any, caplog: pytest.LogCaptureFixture) -> None:
    gold, seen = gold_market(always_open=True, feed="tick_file", feed_options={"files": []}), Seen()
    record(gold.market, gold.instrument, [tick(0, "1300")], "test")
    seen.refusals = [incomplete() for _ in range(4)]
    with running(seen):
        eventually(lambda: len(seen.refusals) < 4)
        began = monotonic()
        eventually(lambda: seen.places == [1])
        assert monotonic() - began < 1  # 20 + 40 + 80 + 160 ms; a silent feed would otherwise be looked after once a second
    assert "EVALUATION_INCOMPLETE" not in caplog.text


def test_an_account_that_stays_busy_is_said_once_without_a_trace(
    own_database: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_module, "PATIENCE_SECONDS", 0.1)
    gold, seen = gold_market(always_open=True, feed="tick_file", feed_options={"files": []}), Seen()
    record(gold.market, gold.instrument, [tick(0, "1300")], "test")
    seen.refusals = [incomplete() for _ in range(5)]
    with running(seen):
        eventually(lambda: seen.places == [1])
    said = [record.getMessage() for record in caplog.records if "EVALUATION_INCOMPLETE" in record.getMessage()]
    assert len(said) == 1
    assert "Traceback" not in said[0]


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
    opened = Silent.opened
    with running(Seen()):
        eventually(lambda: Silent.opened >= opened + 3)
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
