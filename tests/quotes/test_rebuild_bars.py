"""The command that makes bars anew: the stored ticks are the truth."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from quotes.models import Bar
from quotes.services.ticks import record
from tests.quotes.desk import gold_market, tick

pytestmark = pytest.mark.django_db


def test_a_doubted_day_is_rebuilt_from_its_ticks() -> None:
    gold = gold_market()
    record(gold.market, gold.instrument, [tick(0, "1284.0"), tick(30, "1285.0"), tick(70, "1283.5")], "test")
    as_recorded = list(Bar.objects.order_by("start").values_list("start", "bid_open", "bid_high", "bid_low", "bid_close", "ticks"))
    Bar.objects.update(bid_high=9999)
    out = StringIO()
    call_command("rebuild_bars", gold.code, gold.symbol, "2014-05-01", stdout=out)
    assert out.getvalue() == "2014-05-01: 2 bars\n"
    assert list(Bar.objects.order_by("start").values_list("start", "bid_open", "bid_high", "bid_low", "bid_close", "ticks")) == as_recorded


def test_an_unknown_instrument_is_refused_in_one_line() -> None:
    gold = gold_market()
    with pytest.raises(CommandError, match="instrument"):
        call_command("rebuild_bars", gold.code, "NOTHING", "2014-05-01")
