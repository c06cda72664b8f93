"""Recorded days: a whole file in one transaction, or nothing of it; the same file once per market and instrument."""

import hashlib
from pathlib import Path

from django.db.models import Count

from quotes.domain.ticks import Tick
from quotes.enums import TickFlag
from quotes.feeds.tick_file import read_ticks
from quotes.locks import lock_latest_quote
from quotes.models import Tick as TickRow
from quotes.models import TickImport
from quotes.services.ticks import store
from tradingdesk.kernel import clock
from tradingdesk.kernel.errors import Conflict, InvalidRequest
from tradingdesk.kernel.locks import command

SOURCE = "import"


def import_file(market_id: int, instrument_id: int, path: Path) -> TickImport:
    """Stores every tick of the file with its bars. Resting orders see them when the market process next evaluates.

    Raises, in this order: InvalidRequest (TICK_FILE_…, `quotes.feeds.tick_file`), NotFound, Conflict TICK_FILE_ALREADY_IMPORTED; nothing is kept.
    """
    ticks = read_ticks(path)
    return _import(market_id, instrument_id, path.name, _sha256(path), ticks)


def flags_of(done: TickImport) -> dict[TickFlag, int]:
    """How many of its ticks were flagged, by kind, in the order of the kinds."""
    ticks = TickRow.objects.filter(market_id=done.market_id, instrument_id=done.instrument_id).exclude(flag=TickFlag.CLEAN)
    within = ticks.filter(seq__gte=done.first_seq, seq__lt=done.first_seq + done.ticks)
    return {TickFlag(flag): number for flag, number in within.values_list("flag").annotate(number=Count("seq")).order_by("flag")}


@command
def _import(market_id: int, instrument_id: int, name: str, sha256: str, ticks: list[Tick]) -> TickImport:
    locked = lock_latest_quote(market_id, instrument_id)
    earlier = TickImport.objects.filter(market_id=market_id, instrument_id=instrument_id, sha256=sha256).first()
    if earlier is not None:
        message = f"{name} is already here: imported as {earlier.file_name} on {earlier.imported_at:%Y-%m-%d %H:%M} UTC, {earlier.ticks:,} ticks."
        raise Conflict(message, code="TICK_FILE_ALREADY_IMPORTED", file=name, earlier=earlier.pk, ticks=earlier.ticks)
    recorded = store(locked, ticks, SOURCE)
    return TickImport.objects.create(
        market_id=market_id,
        instrument_id=instrument_id,
        file_name=name,
        sha256=sha256,
        ticks=len(ticks),
        flagged=sum(t.flag != TickFlag.CLEAN for t in recorded.ticks),
        first_seq=recorded.ticks[0].seq,
        imported_at=clock.now(),
    )


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise InvalidRequest(f"The tick file cannot be read: {error}.", code="TICK_FILE_UNREADABLE", file=path.name) from error
