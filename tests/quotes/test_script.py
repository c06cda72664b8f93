"""A scripted market's clock stands where its script has put it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from quotes.models import Market
from quotes.selectors.markets import BEFORE_FIRST_DAY, calendar_day, market_now
from quotes.services.script import advance
from tests.quotes.desk import gold_market
from tradingdesk.kernel.errors import Conflict, NotFound

pytestmark = pytest.mark.django_db
FRIDAY_NOON = datetime(2026, 10, 30, 12, tzinfo=UTC)


def scripted() -> Market:
    return Market.objects.get(pk=gold_market(always_open=True, clock="SCRIPT").market)


def test_before_its_script_begins_a_market_has_no_trading_day() -> None:
    assert calendar_day(scripted()) == BEFORE_FIRST_DAY


def test_the_market_lives_in_the_time_its_script_has_reached() -> None:
    market = scripted()
    advance(market.pk, FRIDAY_NOON)
    assert (market_now(market), calendar_day(market)) == (FRIDAY_NOON, date(2026, 10, 30))
    advance(market.pk, FRIDAY_NOON)  # where it stands already


def test_it_never_goes_back() -> None:
    market = scripted()
    advance(market.pk, FRIDAY_NOON)
    with pytest.raises(Conflict):
        advance(market.pk, FRIDAY_NOON - timedelta(seconds=1))
    assert market_now(market) == FRIDAY_NOON


@pytest.mark.parametrize("other", ["WALL", "FEED"])
def test_other_markets_follow_no_script(other: str) -> None:
    market = gold_market(clock=other).market
    with pytest.raises(Conflict):
        advance(market, FRIDAY_NOON)
    assert Market.objects.get(pk=market).script_time is None


def test_an_unknown_market_is_named() -> None:
    with pytest.raises(NotFound):
        advance(4711, FRIDAY_NOON)
