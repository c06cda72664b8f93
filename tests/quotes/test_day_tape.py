"""The day's trades on the latest quote: last price, lots and turnover, of clean ticks of its trading day alone (rules/futures.md §5.2)."""

from decimal import Decimal
from pathlib import Path

import pytest

from quotes.models import LatestQuote
from quotes.services.imports import import_file
from quotes.services.ticks import record
from tests.quotes.desk import Gold, gold_market, tick

D = Decimal
NEXT_DAY = 12 * 3600  # COMEX's day ends nine hours after the first tick


def tape() -> tuple[Decimal | None, Decimal, Decimal]:
    quote = LatestQuote.objects.get()
    return quote.last, quote.day_volume, quote.day_turnover


@pytest.fixture
def gold(db: None) -> Gold:
    return gold_market()


def test_trades_add_up_over_the_day(gold: Gold) -> None:
    record(gold.market, gold.instrument, [tick(0, "1300"), tick(1, "1300", last="1300.1", size="2")], "test")
    assert tape() == (D("1300.1"), D(2), D("2600.2"))
    record(gold.market, gold.instrument, [tick(2, "1300", last="1300.2", size="3"), tick(3, "1300")], "test")
    assert tape() == (D("1300.2"), D(5), D("6500.8"))  # the trade counts though the newest tick has none


def test_a_trade_of_unknown_size_is_the_last_price_and_no_volume(gold: Gold) -> None:
    record(gold.market, gold.instrument, [tick(0, "1300", last="1300.1")], "test")
    assert tape() == (D("1300.1"), D(0), D(0))


def test_odd_ticks_are_not_on_the_tape(gold: Gold) -> None:
    ticks = [tick(0, "1300", last="1300.1", size="1"), tick(1, "1300", "1299", last="1", size="9"), tick(-9, "1300", last="2", size="9")]
    record(gold.market, gold.instrument, ticks, "test")
    assert tape() == (D("1300.1"), D(1), D("1300.1"))


def test_a_new_trading_day_begins_with_an_empty_tape(gold: Gold) -> None:
    record(gold.market, gold.instrument, [tick(0, "1300", last="1300.1", size="2")], "test")
    record(gold.market, gold.instrument, [tick(NEXT_DAY, "1301")], "test")
    assert tape() == (None, D(0), D(0))
    record(gold.market, gold.instrument, [tick(NEXT_DAY + 1, "1301", last="1301.5", size="4")], "test")
    assert tape() == (D("1301.5"), D(4), D(5206))


def test_of_a_batch_over_midnight_the_new_day_alone_counts(gold: Gold) -> None:
    record(gold.market, gold.instrument, [tick(0, "1300", last="1300.1", size="2"), tick(NEXT_DAY, "1301", last="1301.1", size="1")], "test")
    assert tape() == (D("1301.1"), D(1), D("1301.1"))


def test_an_imported_day_of_quotes_alone_begins_with_an_empty_tape(gold: Gold, tmp_path: Path) -> None:
    record(gold.market, gold.instrument, [tick(0, "1300", last="1300.1", size="2")], "test")
    file = tmp_path / "20140502_quote.csv"
    file.write_text("43200000,1301.0,1301.3\n")
    import_file(gold.market, gold.instrument, file)
    assert (LatestQuote.objects.get().bid, tape()) == (D("1301.0"), (None, D(0), D(0)))


@pytest.mark.parametrize("cut", range(5))
def test_the_tape_does_not_depend_on_the_batches(gold: Gold, cut: int) -> None:
    ticks = [tick(n, "1300", last=f"1300.{n}", size=str(n + 1)) for n in range(4)]
    record(gold.market, gold.instrument, ticks[:cut], "test")
    record(gold.market, gold.instrument, ticks[cut:], "test")
    # 1 × 1300.0 + 2 × 1300.1 + 3 × 1300.2 + 4 × 1300.3
    assert tape() == (D("1300.3"), D(10), D(13_002))
