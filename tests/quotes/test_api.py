"""REST of prices: candles of every frame, paging, and refusals with a code and the numbers."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from quotes.domain.ticks import Tick
from quotes.services.ticks import record
from tests.quotes.desk import START, Gold, gold_market, tick

NOON = int(START.timestamp())


@pytest.fixture
def gold(db: None) -> Gold:
    return gold_market()


@pytest.fixture
def client(gold: Gold) -> Client:
    client = Client()
    client.force_login(User.objects.create_user("reader"))
    return client


def fill(gold: Gold, *minutes: tuple[datetime, str]) -> None:
    ticks = [Tick(0, at, Decimal(bid), Decimal(bid) + 1) for at, bid in minutes]
    record(gold.market, gold.instrument, ticks, "test")


def bars(client: Client, **query: Any) -> list[dict[str, Any]]:
    response = client.get("/api/v1/bars/", {"market": "demo", "instrument": "XAUUSD", **query})
    assert response.status_code == 200, response.content
    return response.json()["bars"]


def test_minutes_ascend_with_exact_text(gold: Gold, client: Client) -> None:
    record(gold.market, gold.instrument, [tick(0, "1300.10"), tick(20, "1302"), tick(59, "1301.5"), tick(120, "1299")], "test")
    response = client.get("/api/v1/bars/", {"market": "demo", "instrument": "XAUUSD"}).json()
    first = {"time": NOON, "open": "1300.1", "high": "1302", "low": "1300.1", "close": "1301.5", "ticks": 3}
    second = {"time": NOON + 120, "open": "1299", "high": "1299", "low": "1299", "close": "1299", "ticks": 1}
    day = response.pop("day")
    assert response == {"market": "demo", "instrument": "XAUUSD", "frame": "1m", "label": "start", "price": "bid", "bars": [first, second]}
    assert day["begins"] <= NOON < day["ends"] < day["next_label"]


def test_ask_and_trade_prices(gold: Gold, client: Client) -> None:
    record(gold.market, gold.instrument, [tick(0, "1300", last="1300.2"), tick(60, "1301")], "test")
    assert [b["open"] for b in bars(client, price="ask")] == ["1300.3", "1301.3"]
    assert [b["open"] for b in bars(client, price="trade")] == ["1300.2"]  # a minute without a trade has no trade candle


def test_wider_frames_merge_minutes(gold: Gold, client: Client) -> None:
    fill(gold, *((START + timedelta(minutes=n), str(1300 + (n * 7) % 13)) for n in range(30)))
    five = bars(client, frame="5m")
    assert [b["time"] for b in five] == [NOON + n * 300 for n in range(6)]
    # minutes 0 to 4: 1300, 1307, 1301, 1308, 1302
    assert (five[0]["open"], five[0]["high"], five[0]["low"], five[0]["close"], five[0]["ticks"]) == ("1300", "1308", "1300", "1302", 5)
    assert [(b["time"], b["ticks"]) for b in bars(client, frame="15m")] == [(NOON, 15), (NOON + 900, 15)]
    assert [(b["time"], b["ticks"]) for b in bars(client, frame="1h")] == [(NOON, 30)]


def test_days_are_trading_days(gold: Gold, client: Client) -> None:
    evening = datetime(2014, 5, 1, 22, 30, tzinfo=UTC)  # 18:30 in New York: Friday's session
    fill(gold, (START, "1300"), (evening, "1310"), (evening + timedelta(hours=12), "1320"))
    friday = int(datetime(2014, 5, 2, tzinfo=UTC).timestamp())
    assert [(b["time"], b["open"], b["close"]) for b in bars(client, frame="1d")] == [(friday - 86_400, "1300", "1300"), (friday, "1310", "1320")]
    assert [b["time"] for b in bars(client, frame="1d", before=friday)] == [friday - 86_400]
    assert [b["time"] for b in bars(client, frame="1h")] == [NOON, int(evening.timestamp()) - 1800, friday + 36_000]


@pytest.mark.parametrize("frame", ["1m", "5m", "15m", "1h"])
def test_pages_join_without_gap_or_overlap(gold: Gold, client: Client, frame: str) -> None:
    fill(gold, *((START + timedelta(minutes=n), str(1300 + n)) for n in range(180) if n % 17))
    whole = bars(client, frame=frame)
    pages, before = [], {}
    while page := bars(client, frame=frame, limit=2, **before):
        pages = page + pages
        before = {"before": page[0]["time"]}
    assert pages == whole


def test_an_unaligned_before_never_cuts_a_candle(gold: Gold, client: Client) -> None:
    fill(gold, *((START + timedelta(minutes=n), "1300") for n in range(10)))
    assert [(b["time"], b["ticks"]) for b in bars(client, frame="5m", before=NOON + 301)] == [(NOON, 5), (NOON + 300, 5)]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"frame": "2m"}, "frame"), ({"price": "mid"}, "price"), ({"limit": "5001"}, "limit"), ({"limit": "0"}, "limit"), ({"limit": "-1"}, "limit"),
        ({"limit": "1e3"}, "limit"), ({"limit": "²"}, "limit"), ({"before": "yesterday"}, "before"), ({"before": "9" * 400}, "before"),
        ({"market": ""}, "market"), ({"instrument": ""}, "instrument"), ({"instrument": "\0"}, "instrument"),
    ],
)  # fmt: skip
def test_bad_parameters_are_named(client: Client, query: dict[str, str], field: str) -> None:
    response = client.get("/api/v1/bars/", {"market": "demo", "instrument": "XAUUSD", **query})
    body = response.json()
    assert (response.status_code, body["code"], body["extra"]["field"]) == (400, "INVALID_REQUEST", field)


def test_a_limit_out_of_bounds_says_which_bounds(client: Client) -> None:
    body = client.get("/api/v1/bars/", {"market": "demo", "instrument": "XAUUSD", "limit": 5001}).json()
    assert body["extra"] == {"field": "limit", "value": "5001", "minimum": 1, "maximum": 5000}


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("bars", {"market": "nowhere", "instrument": "XAUUSD"}, "UNKNOWN_MARKET"),
        ("bars", {"market": "demo", "instrument": "SILVER"}, "UNKNOWN_INSTRUMENT"),
        ("quotes", {"market": "nowhere"}, "UNKNOWN_MARKET"),
        ("instruments", {"market": "nowhere"}, "UNKNOWN_MARKET"),
    ],
)
def test_unknown_names_are_not_found(client: Client, path: str, query: dict[str, str], code: str) -> None:
    response = client.get(f"/api/v1/{path}/", query)
    assert (response.status_code, response.json()["code"]) == (404, code)


def test_markets_instruments_and_quotes(gold: Gold, client: Client) -> None:
    assert client.get("/api/v1/quotes/", {"market": "demo"}).json() == {"market": "demo", "quotes": []}
    record(gold.market, gold.instrument, [tick(0, "1300.10")], "test")
    (market,) = client.get("/api/v1/markets/").json()["markets"]
    assert (market["code"], market["kind"], market["priced_through"]) == ("demo", "DEMO", None)
    (instrument,) = client.get("/api/v1/instruments/", {"market": "demo"}).json()["instruments"]
    assert (instrument["symbol"], instrument["multiplier"], instrument["tick_size"], instrument["price_decimals"]) == ("XAUUSD", "100", "0.001", 3)
    (quote,) = client.get("/api/v1/quotes/", {"market": "demo"}).json()["quotes"]
    assert (quote["instrument"], quote["seq"], quote["bid"], quote["ask"], quote["time"]) == ("XAUUSD", 1, "1300.1", "1300.4", NOON * 1000)


def test_strangers_are_refused(gold: Gold) -> None:
    for path in ("markets", "instruments", "quotes", "bars"):
        response = Client().get(f"/api/v1/{path}/")
        assert response.status_code in (401, 403)
        assert set(response.json()) == {"code", "message", "extra"}


def test_reading_takes_few_queries(gold: Gold, client: Client, django_assert_max_num_queries: Any) -> None:
    record(gold.market, gold.instrument, [tick(n * 60, "1300") for n in range(50)], "test")
    with django_assert_max_num_queries(5):  # session, user, market, listing, candles
        bars(client)
