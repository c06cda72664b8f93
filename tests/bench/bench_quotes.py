"""Prices: taking in a recorded day, recording live batches and single ticks, a page of candles, fan-out to clients."""

import asyncio
import json
import tempfile
from datetime import timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from statistics import median
from time import perf_counter

from quotes.domain.ticks import Tick
from quotes.domain.walk import Walk, WalkSettings
from quotes.enums import BarFrame, BarPrice
from quotes.hub import Hub, Subscriber
from quotes.selectors.candles import Page, candles
from quotes.selectors.listings import listing_named, market_named
from quotes.services.imports import import_file
from quotes.services.ticks import record
from tests.bench.registry import bench
from tests.bench.servers import pgbench_tpcb_ms
from tests.conftest import SHARED_DATA
from tests.quotes.desk import START, Gold, gold_market

PAYROLL_DAY = SHARED_DATA / "gold_ticks" / "20140502_xauusd_tick_quote.csv.gz"
PAYROLL_TICKS = 265_015
BATCH, BATCHES = 1_000, 40
CLIENTS, MESSAGES = 200, 200
PAGE_BARS = 5_000


def payroll_day() -> Path:
    """The recorded day, or one as long from the simulator where the recording is not at hand."""
    if PAYROLL_DAY.exists():
        return PAYROLL_DAY
    path = Path(tempfile.mkdtemp()) / "20140502_simulated.csv"
    quotes = walked(PAYROLL_TICKS)
    path.write_text("\n".join(f"{n * 0.28:.3f},{t.bid},{t.ask}" for n, t in enumerate(quotes)))
    return path


def walked(count: int, seconds_apart: float = 0.05) -> list[Tick]:
    """Ticks of the simulator's walk from START on."""
    walk = Walk(WalkSettings(1, Decimal(1300), 0.16, Decimal("0.3"), Decimal("0.001"), 4.0))
    return [Tick(0, START + timedelta(seconds=n * seconds_apart), *walk.step()[1:]) for n in range(count)]


@cache
def market(name: str) -> Gold:
    """One market per benchmark, made once per run."""
    return gold_market(f"quotes-{name}", always_open=True)


@bench("import_of_265015_ticks", unit="s", target=20.0)
def import_of_265015_ticks() -> float:
    """Read, flag, store and build bars of the payroll day, committed durably."""
    gold = market("import")
    started = perf_counter()
    done = import_file(gold.market, gold.instrument, payroll_day())
    seconds = perf_counter() - started
    assert done.ticks == PAYROLL_TICKS
    return seconds


@bench("recorded_ticks_in_batches", unit="ticks/s", target=20_000, more_is_better=True)
def recorded_ticks_in_batches() -> float:
    """Batches of 1,000 with bars, the latest quote and the hint to subscribers."""
    gold, ticks = market("batches"), walked(BATCH * BATCHES)
    started = perf_counter()
    for start in range(0, len(ticks), BATCH):
        record(gold.market, gold.instrument, ticks[start : start + BATCH], "bench")
    return len(ticks) / (perf_counter() - started)


@bench("recorded_tick_one_by_one", unit="ms", yardstick=pgbench_tpcb_ms, ratio_target=6.0)
def recorded_tick_one_by_one() -> float:
    """What a live tick costs: one durable transaction."""
    gold, times = market("single"), []
    for tick in walked(300):
        started = perf_counter()
        record(gold.market, gold.instrument, [tick], "bench")
        times.append((perf_counter() - started) * 1000)
    return median(times[20:])


def page_ms(frame: BarFrame, limit: int) -> float:
    """Median time of the newest page, from the database to plain values."""
    gold = market("pages")
    listing = listing_named(market_named(gold.code), gold.symbol)
    if not candles(listing, Page(BarFrame.M1, BarPrice.BID, 1)):
        record(gold.market, gold.instrument, walked(PAGE_BARS * 5, seconds_apart=60), "bench")
    times = []
    for _ in range(7):
        started = perf_counter()
        page = candles(listing, Page(frame, BarPrice.BID, limit))
        times.append((perf_counter() - started) * 1000)
        assert len(page) == limit
    return median(times)


@bench("page_of_5000_minutes", unit="ms", target=80.0)
def page_of_5000_minutes() -> float:
    """The newest 5,000 1-minute candles of 25,000."""
    return page_ms(BarFrame.M1, PAGE_BARS)


@bench("page_of_400_hours", unit="ms", target=80.0)
def page_of_400_hours() -> float:
    """Hours are merged from minutes as they are asked for."""
    return page_ms(BarFrame.H1, 400)


@bench("hub_frames_to_200_clients", unit="frames/s", target=50_000, more_is_better=True)
def hub_frames_to_200_clients() -> float:
    """The hub's own share of pushing: from a message to 200 sends that return at once."""
    return asyncio.run(_fan_out())


async def _fan_out() -> float:
    hub, sent = Hub("redis://unused"), 0

    async def send(text: str) -> None:
        nonlocal sent
        sent += 1

    subscribers = [Subscriber(send) for _ in range(CLIENTS)]
    hub._subscribers["channel"] = set(subscribers)
    for subscriber in subscribers:
        subscriber.start()
    texts = [json.dumps({"type": "tick", "instrument": "XAUUSD", "seq": n}) for n in range(MESSAGES)]
    started = perf_counter()
    for number, text in enumerate(texts, start=1):
        hub._pass_on("channel", text)
        while sent < number * CLIENTS:  # noqa: ASYNC110  (the loop's own turns are what is measured)
            await asyncio.sleep(0)
    seconds = perf_counter() - started
    for subscriber in subscribers:
        await subscriber.stop()
    return sent / seconds
