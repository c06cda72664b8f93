"""Recording: places without gaps, flags, bars that grow, the latest quote, one writer at a time."""

import threading
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from quotes.domain.flags import Flagger, flagged
from quotes.enums import TickFlag
from quotes.models import Bar, LatestQuote, Tick
from quotes.services import bars
from quotes.services.ticks import mark_evaluated, record
from tests.quotes.desk import START, gold_market, tick
from tradingdesk.kernel import dispatch
from tradingdesk.kernel.errors import NotFound

BAR_FIELDS = [f.attname for f in Bar._meta.fields if f.name != "id"]


def flags_of(*ticks: Any, rate: str = "0.05") -> list[int]:
    return [t.flag for t in flagged(ticks, Flagger(Decimal(rate)), 1, START)]


def test_flags_odd_ticks_and_keeps_comparing_with_the_last_clean_one() -> None:
    flags = flags_of(tick(1, "1300"), tick(2, "1300.5", "1300.4"), tick(0.5, "1300"), tick(3, "0", "1"), tick(4, "1500"), tick(5, "1301"))
    assert flags == [TickFlag.CLEAN, TickFlag.CROSSED, TickFlag.BACKWARDS, TickFlag.NOT_POSITIVE, TickFlag.JUMP, TickFlag.CLEAN]


def test_equal_times_and_touching_prices_are_clean() -> None:
    assert flags_of(tick(1, "1300", "1300"), tick(1, "1300", "1300")) == [0, 0]


def test_the_third_jump_in_a_row_that_agrees_is_the_new_market() -> None:
    assert flags_of(tick(0, "1300"), tick(1, "1500"), tick(2, "1501"), tick(3, "1502"), tick(4, "1503")) == [0, 4, 4, 0, 0]
    assert flags_of(tick(0, "1300"), tick(1, "1500"), tick(2, "900"), tick(3, "1500"), tick(4, "900")) == [0, 4, 4, 4, 4]


def test_no_jump_rate_means_no_jump() -> None:
    assert flags_of(tick(0, "1300"), tick(1, "9999"), rate="0") == [0, 0]


def test_records_places_flags_and_the_latest_clean_quote(db: None) -> None:
    gold = gold_market()
    recorded = record(gold.market, gold.instrument, [tick(0, "1300"), tick(1, "1301"), tick(2, "1302", "1301")], "test", evaluated_through=0)
    assert [(t.seq, t.flag) for t in recorded.ticks] == [(1, 0), (2, 0), (3, TickFlag.CROSSED)]
    assert [t.seq for t in recorded.clean] == [1, 2]
    quote = LatestQuote.objects.get()
    assert (quote.last_seq, quote.seq, quote.bid, quote.ask, quote.source) == (3, 2, Decimal("1301"), Decimal("1301.3"), "test")
    assert (quote.time, quote.trading_day) == (recorded.ticks[1].time, date(2014, 5, 1))
    assert list(Tick.objects.order_by("seq").values_list("seq", "flag", "bid")) == [(1, 0, 1300), (2, 0, 1301), (3, 1, 1302)]


def test_the_next_batch_continues(db: None) -> None:
    gold = gold_market()
    record(gold.market, gold.instrument, [tick(0, "1300")], "test")
    record(gold.market, gold.instrument, [], "test", evaluated_through=1)
    recorded = record(gold.market, gold.instrument, [tick(-1, "1300"), tick(20_000, "1300")], "test")
    assert [(t.seq, t.flag) for t in recorded.ticks] == [(2, TickFlag.BACKWARDS), (3, 0)]
    assert LatestQuote.objects.get().evaluated_seq == 1


def test_evaluated_never_goes_back(db: None) -> None:
    gold = gold_market()
    record(gold.market, gold.instrument, [tick(0, "1300"), tick(0, "1300")], "test", evaluated_through=2)
    record(gold.market, gold.instrument, [tick(1, "1300")], "test", evaluated_through=1)
    mark_evaluated(gold.market, gold.instrument, 1)
    assert LatestQuote.objects.get().evaluated_seq == 2
    mark_evaluated(gold.market, gold.instrument, 3)
    assert LatestQuote.objects.get().evaluated_seq == 3


def test_what_is_not_listed_is_not_found(db: None) -> None:
    gold = gold_market()
    with pytest.raises(NotFound):
        record(gold.market, gold.instrument + 1, [tick(0, "1300")], "test")
    assert not LatestQuote.objects.exists()


def test_bars_grow_and_never_see_flagged_ticks(db: None) -> None:
    gold = gold_market()
    record(gold.market, gold.instrument, [tick(0, "1300", last="1300.1", size="2"), tick(1, "1305")], "test")
    record(gold.market, gold.instrument, [tick(2, "1600"), tick(59.999, "1299"), tick(60, "1310")], "test")
    first, second = Bar.objects.order_by("start")
    assert (first.bid_open, first.bid_high, first.bid_low, first.bid_close) == (1300, 1305, 1299, 1299)
    assert (first.ask_open, first.ask_high) == (Decimal("1300.3"), Decimal("1305.3"))
    assert (first.trade_open, first.trade_close, first.volume, first.ticks) == (Decimal("1300.1"), Decimal("1300.1"), 2, 3)
    assert (second.bid_open, second.trade_open, second.ticks) == (1310, None, 1)


def test_the_trading_day_rolls_within_a_batch(db: None) -> None:
    gold = gold_market()
    record(gold.market, gold.instrument, [tick(32_399, "1300"), tick(36_000, "1300")], "test")  # 20:59:59 and 22:00 UTC; New York rolls at 21:00
    assert list(Bar.objects.order_by("start").values_list("trading_day", flat=True)) == [date(2014, 5, 1), date(2014, 5, 2)]


def test_tells_subscribers_after_commit_alone(db: None, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any) -> None:
    gold = gold_market()
    sent: list[Any] = []
    monkeypatch.setattr(dispatch, "publish", sent.append)
    with django_capture_on_commit_callbacks(execute=True):
        record(gold.market, gold.instrument, [tick(0, "1300"), tick(1, "1301.50")], "test")
        assert sent == []
    frame = sent[0][f"desk:market:{gold.market}"]
    assert frame == {
        "type": "tick", "instrument": "XAUUSD", "seq": 2, "time": START.timestamp() * 1000 + 1000, "bid": "1301.5", "ask": "1301.8", "last": None,
    }  # fmt: skip


moves = st.lists(st.tuples(st.integers(0, 40), st.integers(-300, 300), st.booleans()), min_size=1, max_size=60)


@given(moves, st.integers(1, 7))
def test_flags_do_not_depend_on_batches(steps: list[tuple[int, int, bool]], size: int) -> None:
    seconds, ticks = 0, []
    for pause, move, backwards in steps:
        seconds += -pause if backwards else pause
        ticks.append(tick(seconds, str(1000 + move)))
    whole = flags_of(*ticks)
    flagger, parts = Flagger(Decimal("0.05")), []
    for start in range(0, len(ticks), size):
        batch = flagged(ticks[start : start + size], flagger, 1, START)
        parts += [t.flag for t in batch]
        since = [(t.bid + t.ask, f) for t, f in zip(ticks[: start + size], parts, strict=False)]
        clean = max((n for n, (_, f) in enumerate(since) if f == 0), default=-1)
        if clean >= 0:  # what the next transaction knows: the newest clean tick, and the flagged ones after it
            flagger = Flagger(Decimal("0.05"), ticks[clean].time, since[clean][0])
            flagger.resume(since[clean + 1 :])
    assert parts == whole


def test_rebuilt_bars_equal_live_ones(db: None) -> None:
    gold = gold_market()
    ticks = [tick(n * 7, str(1300 + (n * 37) % 11), last=str(1300 + n % 5) if n % 3 else None, size="1") for n in range(100)]
    for start in range(0, 100, 9):
        record(gold.market, gold.instrument, ticks[start : start + 9], "test")
    live = list(Bar.objects.order_by("start").values_list(*BAR_FIELDS))
    assert bars.rebuild(gold.market, gold.instrument, date(2014, 5, 1)) == len(live) == 12
    assert list(Bar.objects.order_by("start").values_list(*BAR_FIELDS)) == live


def test_writers_wait_for_each_other(own_database: Any) -> None:
    gold = gold_market()
    errors: list[Exception] = []

    def write(worker: int) -> None:
        try:
            for n in range(15):
                record(gold.market, gold.instrument, [tick(n, "1300"), tick(n, "1301")], f"writer {worker}")
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert list(Tick.objects.order_by("seq").values_list("seq", flat=True)) == list(range(1, 121))
    assert LatestQuote.objects.get().last_seq == 120
