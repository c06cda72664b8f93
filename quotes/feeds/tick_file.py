"""Recorded bid/ask files: rows of `milliseconds since midnight UTC, bid, ask` without a header, gzip, zip with one member, or plain.

The date stands in the file name alone. Milliseconds carry fractions; times are rounded half even to the microsecond, so they may repeat: the order of
the rows is the order of the ticks. A broken row refuses the whole file.
"""

import gzip
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

from quotes.domain.ticks import Tick
from tradingdesk.kernel.errors import InvalidRequest

MAX_BYTES = 500_000_000  # of text; the busiest day on record has 7,000,000
YEARS = range(1970, 2100)  # a year of 2563 is 2020 of the Thai calendar, and a mistake
DAY_IN_FILE_NAME = re.compile(r"(?<!\d)(\d{4})(\d{2})(\d{2})(?!\d)")
ROW = re.compile(r"(\d{1,8}(?:\.\d{1,9})?),(-?\d{1,14}(?:\.\d{1,6})?),(-?\d{1,14}(?:\.\d{1,6})?)", re.ASCII)
MICROSECONDS_PER_DAY = 86_400_000_000
SHOWN_CHARACTERS = 120


def read_ticks(path: Path) -> list[Tick]:
    """Every tick of the file, in its order, `seq` not yet given.

    Raises InvalidRequest: TICK_FILE_UNREADABLE (no such file), TICK_FILE_NAME, TICK_FILE_UNREADABLE, TICK_FILE_EMPTY, TICK_FILE_BROKEN_ROW (with file,
    row from 1, and its content).
    """
    if not path.exists():
        raise InvalidRequest(f"There is no such file: {path}.", code="TICK_FILE_UNREADABLE", file=path.name)
    midnight = datetime.combine(day_of(path.name), datetime.min.time(), UTC)
    lines = _text(path).split("\n")
    if lines[-1] == "":
        lines.pop()  # the last row may or may not end its line
    if not lines:
        raise InvalidRequest("The tick file has no rows.", code="TICK_FILE_EMPTY", file=path.name)
    return list(_ticks(path.name, midnight, lines))


def day_of(name: str) -> date:
    """The UTC date in a file name such as 20140502_quote.zip."""
    found = DAY_IN_FILE_NAME.search(name)
    if found is None:
        raise InvalidRequest("The file name does not begin with a date such as 20140502.", code="TICK_FILE_NAME", file=name)
    year, month, day = map(int, found.groups())
    if year not in YEARS:
        message = f"The year in the file name lies outside {YEARS.start} to {YEARS.stop - 1}; a Buddhist year is 543 too high."
        raise InvalidRequest(message, code="TICK_FILE_NAME", file=name, year=year)
    try:
        return date(year, month, day)
    except ValueError:
        raise InvalidRequest("The file name holds no date of the calendar.", code="TICK_FILE_NAME", file=name) from None


def _ticks(name: str, midnight: datetime, lines: list[str]) -> Iterator[Tick]:
    for number, line in enumerate(lines, start=1):
        row = ROW.fullmatch(line.rstrip("\r"))
        if row is None:
            raise _broken(name, number, line, "It must be: milliseconds since midnight, bid, ask.")
        microseconds = int(Decimal(row[1]).scaleb(3).to_integral_value(ROUND_HALF_EVEN))
        if microseconds > MICROSECONDS_PER_DAY:
            raise _broken(name, number, line, "Its time lies outside the day.")
        yield Tick(0, midnight + timedelta(microseconds=microseconds), Decimal(row[2]), Decimal(row[3]))


def _broken(name: str, number: int, line: str, why: str) -> InvalidRequest:
    shown = line[:SHOWN_CHARACTERS]
    message = f"Row {number} of {name} is broken: {shown!r}. {why} Nothing was imported."
    return InvalidRequest(message, code="TICK_FILE_BROKEN_ROW", file=name, row=number, content=shown)


def _text(path: Path) -> str:
    # Bytes that are no ASCII become characters that no row may hold, so that the row is named rather than the file.
    try:
        return _content(path).decode("ascii", errors="replace")
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        raise InvalidRequest(f"The tick file cannot be read: {error}.", code="TICK_FILE_UNREADABLE", file=path.name) from error


def _content(path: Path) -> bytes:
    if path.suffix == ".zip":
        content = _zip_member(path)
    else:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise InvalidRequest("The tick file is too large.", code="TICK_FILE_UNREADABLE", file=path.name, maximum_bytes=MAX_BYTES)
    return content


def _zip_member(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        members = [m for m in archive.infolist() if not m.is_dir()]
        if len(members) != 1:
            raise InvalidRequest("The zip must hold exactly one file.", code="TICK_FILE_UNREADABLE", file=path.name, members=len(members))
        with archive.open(members[0]) as stream:
            return stream.read(MAX_BYTES + 1)
