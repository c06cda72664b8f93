"""Recorded files: both layouts read exactly, a broken row refuses the whole file, bars equal those of an independent minute file."""

import gzip
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from quotes.feeds.tick_file import day_of, read_ticks
from quotes.models import Bar, LatestQuote, Tick, TickImport
from quotes.services import bars
from quotes.services.imports import import_file
from quotes.services.ticks import record
from tests.quotes.desk import gold_market, tick
from tradingdesk.kernel.errors import Conflict, InvalidRequest

ROWS = "46.2042,1284.065,1284.405\n49.769,1284.081,1284.44\n86399999.9996,1284.1,1284.5"


def write_gzip(folder: Path, rows: str, name: str = "20140502_xauusd_tick_quote.csv.gz") -> Path:
    path = folder / name
    path.write_bytes(gzip.compress(rows.encode()))
    return path


def write_zip(folder: Path, rows: str, members: int = 1) -> Path:
    path = folder / "20140502_quote.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for n in range(members):
            archive.writestr(f"20140502_{n}.csv", rows)
    return path


def test_reads_both_layouts_alike(tmp_path: Path) -> None:
    ticks = read_ticks(write_gzip(tmp_path, ROWS))
    assert ticks == read_ticks(write_zip(tmp_path, ROWS + "\n"))
    assert [(t.bid, t.ask) for t in ticks[:2]] == [(Decimal("1284.065"), Decimal("1284.405")), (Decimal("1284.081"), Decimal("1284.44"))]
    assert ticks[0].time == datetime(2014, 5, 2, 0, 0, 0, 46204, tzinfo=UTC)
    assert ticks[2].time == datetime(2014, 5, 3, tzinfo=UTC)  # 0.4 µs before midnight rounds up


@pytest.mark.parametrize(("text", "microseconds"), [("0.0005", 0), ("0.0015", 2), ("0.0025", 2), ("0.00251", 3), ("1", 1000)])
def test_rounds_half_even_to_the_microsecond(tmp_path: Path, text: str, microseconds: int) -> None:
    assert read_ticks(write_gzip(tmp_path, f"{text},1,2"))[0].time.microsecond == microseconds


@pytest.mark.parametrize(
    "row",
    [
        "49.769,1284.081",
        "49.769,1284.081,1284.44,7",
        "49.769,,1284.44",
        "abc,1284.081,1284.44",
        "-1,1284.081,1284.44",
        "86400001,1284.081,1284.44",
        "49.769,NaN,1284.44",
        "49.769,1e3,1284.44",
        "49.769,1_000,1284.44",
        "49.769,1284.0811111,1284.44",
        "49.769,123456789012345,1284.44",
        "49.769, 1284.081,1284.44",
        "",
        "49.769,1284.081,1284.4é",
    ],
)
def test_a_broken_row_is_named_and_nothing_is_imported(db: None, tmp_path: Path, row: str) -> None:
    gold = gold_market()
    path = write_gzip(tmp_path, f"46.2042,1284.065,1284.405\n{row}\n50,1284.065,1284.405")
    with pytest.raises(InvalidRequest) as refused:
        import_file(gold.market, gold.instrument, path)
    assert refused.value.reason_code == "TICK_FILE_BROKEN_ROW"
    assert (refused.value.extra["file"], refused.value.extra["row"]) == (path.name, 2)
    assert refused.value.extra["content"].startswith(row[:20])
    assert "Row 2 of" in refused.value.message
    assert not Tick.objects.exists()
    assert not Bar.objects.exists()
    assert not TickImport.objects.exists()
    assert not LatestQuote.objects.exists()


def test_files_that_cannot_be_read_have_a_code(tmp_path: Path) -> None:
    broken = tmp_path / "20140502.csv.gz"
    broken.write_bytes(gzip.compress(ROWS.encode())[:-12])
    no_zip = tmp_path / "20140502.zip"
    no_zip.write_bytes(b"PK\x03\x04 not really")
    for path in (broken, no_zip, tmp_path / "20140503_absent.csv.gz", write_zip(tmp_path, ROWS, members=2)):
        with pytest.raises(InvalidRequest) as refused:
            read_ticks(path)
        assert refused.value.reason_code == "TICK_FILE_UNREADABLE", path
    with pytest.raises(InvalidRequest) as refused:
        read_ticks(write_gzip(tmp_path, ""))
    assert refused.value.reason_code == "TICK_FILE_EMPTY"


@pytest.mark.parametrize("name", ["quotes.csv.gz", "20141302_quote.zip", "25630501_quote.zip", "201405021.csv"])
def test_the_date_must_stand_in_the_name(name: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        day_of(name)
    assert refused.value.reason_code == "TICK_FILE_NAME"


def test_the_same_file_twice_is_refused_and_changes_nothing(db: None, tmp_path: Path) -> None:
    gold, other = gold_market(), gold_market("other")
    path = write_gzip(tmp_path, ROWS)
    done = import_file(gold.market, gold.instrument, path)
    assert (done.ticks, done.flagged, done.first_seq) == (3, 0, 1)
    with pytest.raises(Conflict) as refused:
        import_file(gold.market, gold.instrument, path)
    assert refused.value.reason_code == "TICK_FILE_ALREADY_IMPORTED"
    assert Tick.objects.count() == 3
    import_file(other.market, other.instrument, path)  # another market is another stream


def test_the_command_reports_each_file(db: None, tmp_path: Path) -> None:
    gold_market()
    path, out = write_gzip(tmp_path, ROWS), StringIO()
    call_command("import_ticks", "demo", "XAUUSD", str(path), str(path), stdout=out)
    first, second = out.getvalue().splitlines()
    assert first.startswith(f"{path.name}: 3 ticks, 0 flagged")
    assert "already here" in second
    for arguments in (["nowhere", "XAUUSD"], ["demo", "SILVER"], ["demo", "XAUUSD"]):
        with pytest.raises(CommandError, match=r"UNKNOWN_MARKET|UNKNOWN_INSTRUMENT|TICK_FILE_EMPTY"):
            call_command("import_ticks", *arguments, str(write_gzip(tmp_path, "", "20140503.csv.gz")))


def test_the_command_says_why_ticks_were_flagged(db: None, tmp_path: Path) -> None:
    gold, out = gold_market(), StringIO()
    record(gold.market, gold.instrument, [tick(5 * 24 * 3600, "1300")], "test")  # the market is days ahead of the file
    call_command("import_ticks", "demo", "XAUUSD", str(write_gzip(tmp_path, ROWS)), stdout=out)
    assert "3 ticks, 3 flagged" in out.getvalue()
    assert "  3 older than the tick before: kept, never dealt on" in out.getvalue()


@pytest.mark.parametrize("name", ["nowhere.csv", "20140502_nowhere.csv.gz"])
def test_a_file_that_is_not_there_is_called_so(db: None, tmp_path: Path, name: str) -> None:
    gold_market()
    with pytest.raises(CommandError, match="There is no such file"):
        call_command("import_ticks", "demo", "XAUUSD", str(tmp_path / name))


def minute_file(path: Path, day: date) -> dict[datetime, list[Decimal]]:
    """start → bid open, high, low, close, ask open, high, low, close."""
    with zipfile.ZipFile(path) as archive:
        text = archive.read(archive.namelist()[0]).decode()
    midnight = datetime.combine(day, datetime.min.time(), UTC).timestamp()
    rows = (line.split(",") for line in text.splitlines())
    return {datetime.fromtimestamp(midnight + int(r[0]) / 1000, UTC): [Decimal(v) for v in (*r[1:5], *r[6:10])] for r in rows}


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "ticks", "minutes"),
    [
        ("20140502_xauusd_tick_quote.csv.gz", 265_015, 1_257),
        ("20140504_quote.zip", 9_889, 120),
        ("20140505_xauusd_tick_quote.csv.gz", 186_204, 1_389),
    ],
)
def test_bars_equal_the_independent_minute_file(db: None, shared_data: Path, name: str, ticks: int, minutes: int) -> None:
    gold = gold_market()
    done = import_file(gold.market, gold.instrument, shared_data / "gold_ticks" / name)
    assert (done.ticks, done.flagged, Tick.objects.count()) == (ticks, 0, ticks)
    expected = minute_file(shared_data / "gold_spot" / "lean_minute_quote" / f"{name[:8]}_quote.zip", day_of(name))
    assert len(expected) == minutes
    assert prices_by_start() == expected
    for day in set(Bar.objects.values_list("trading_day", flat=True)):
        bars.rebuild(gold.market, gold.instrument, day)
    assert prices_by_start() == expected


def prices_by_start() -> dict[datetime, list[Any]]:
    names = [f"{side}_{point}" for side in ("bid", "ask") for point in ("open", "high", "low", "close")]
    return {start: prices for start, *prices in Bar.objects.values_list("start", *names)}
