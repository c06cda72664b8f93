"""What each step and rule of a scenario does, told by its result. The arithmetic stands beside the figures."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from orders.models import Order
from tests.conftest import OwnDatabase
from tests.factories.books import assert_books_are_right
from tradingdesk.desk.scenario.files import run_file
from tradingdesk.desk.scenario.runner import run
from tradingdesk.desk.scenario.scenario import read_scenario
from tradingdesk.desk.scenario.scratch import scratch_database
from tradingdesk.desk.scenario.stage import build

GOLD = {"symbol": "AU", "multiplier": 1000, "tick_size": "0.02", "matching": "dealer", "initial_margin_rate": "0.10"}
NONE = dict.fromkeys(("captured", "released", "fee", "margin"), "0")


@pytest.fixture
def comes_out(scenario_desk: OwnDatabase, tmp_path: Path) -> Any:
    """The result of these steps with one instrument and account A of 1,000,000, unless told otherwise."""

    def result(*steps: dict[str, Any], **changes: Any) -> dict[str, Any]:
        file = tmp_path / "scenario.json"
        whole = {"name": "Running", "instruments": [GOLD], "accounts": [{"id": "A", "balance": 1_000_000}], "steps": list(steps)}
        file.write_text(json.dumps(whole | changes))
        report = run_file(file)
        assert report.lines == []
        return report.document

    return result


def quote(**prices: Any) -> dict[str, Any]:
    return {"quote": {"symbol": "AU"} | prices}


def order(order_id: str, side: str, qty: Any, price: Any = None, **fields: Any) -> dict[str, Any]:
    kind = {"type": "market"} if price is None else {"price": price}
    return {"order": {"id": order_id, "account": "A", "symbol": "AU", "side": side, "qty": qty} | kind | fields}


def trade(side: str, qty: Any, price: Any, **fields: Any) -> dict[str, Any]:
    return {"trade": {"account": "A", "symbol": "AU", "side": side, "qty": qty, "price": price} | fields}


def settle(**prices: Any) -> dict[str, Any]:
    return {"settle": {"prices": prices} if prices else {}}


def gold(**terms: Any) -> list[dict[str, Any]]:
    return [GOLD | terms]


def test_a_dealer_deals_at_the_last_price_until_it_has_a_bid_or_an_ask(comes_out: Any) -> None:
    document = comes_out(
        quote(last=560), order("both", "buy", 1), quote(bid=559), order("ask", "buy", 1), quote(ask=561), order("own", "buy", 1), quote(last=570),
        order("still", "sell", 1), quote(bid=572), order("crossed", "buy", 1),
    )  # fmt: skip
    prices = {fill["taker"]: fill["price"] for fill in document["fills"]}
    # A last price alone moves no bid or ask; a bid above the ask is recorded, and dealt on by nobody.
    assert prices == {"both": "560", "ask": "560", "own": "561", "still": "559", "crossed": "561"}
    assert document["book"]["AU"]["last"] == "570"


def test_a_book_stands_at_its_last_price_whatever_bids_and_asks_are_told(comes_out: Any) -> None:
    document = comes_out(
        trade("buy", 2, 560),
        quote(bid=100, ask=900),
        quote(bid=1, last=562),
        {"trade": {"symbol": "AU", "price": 565}},
        instruments=gold(matching="book"),
    )
    account = document["accounts"]["A"]
    # 2 × 1000 × (565 − 560) float; 2 × 560 × 1000 × 10 % are occupied
    assert (document["book"]["AU"]["last"], account["floating"], account["margin"]) == ("565", "10000", "112000")
    assert (account["equity"], account["available"], account["margin_level"], account["risk_degree"]) == ("1010000", "888000", "901.79", "11.09")


def test_what_the_desk_refuses_is_a_result_and_moves_nothing(comes_out: Any) -> None:
    document = comes_out(
        order("early", "buy", 1, 560), quote(last=560), order("tick", "buy", 1, "560.01"), order("low", "buy", 1, -560), order("none", "buy", 0, 560),
        order("minus", "buy", -3), order("many", "buy", 6), order("half", "buy", "1.5"), order("rich", "buy", 5, 99_999_998),
        order("naked", "sell", 1, effect="close"), instruments=gold(max_order_qty=5),
    )  # fmt: skip
    reasons = {name: (placed["status"], placed["reason"]) for name, placed in document["orders"].items()}
    expected = ["STALE_QUOTE", "OFF_TICK", "OUTSIDE_PRICE_LIMITS", "QTY_INVALID", "QTY_INVALID", "QTY_OVER_MAXIMUM", "QTY_NOT_MULTIPLE"]
    assert list(reasons.values()) == [("DENIED", reason) for reason in [*expected, "INSUFFICIENT_FUNDS", "CLOSABLE_EXCEEDED"]]
    denied = document["orders"]["many"]
    assert (denied["freeze"], denied["events"], denied["filled_qty"], denied["remaining_qty"], denied["cancelled_qty"]) == (
        NONE,
        ["DENIED"],
        "0",
        "0",
        "0",
    )
    assert (document["fills"], document["accounts"]["A"]["available"]) == ([], "1000000")


def test_orders_end_by_their_time_in_force(comes_out: Any) -> None:
    document = comes_out(
        quote(bid=559, ask=560), order("ioc", "buy", 1, 559, tif="IOC"), order("day", "buy", 1, 559, tif="DAY"), order("gtc", "buy", 1, 559), settle(),
        quote(bid=558, ask=559),
    )  # fmt: skip
    told = {name: (placed["status"], placed["reason"], placed["cancelled_qty"]) for name, placed in document["orders"].items()}
    assert told == {"ioc": ("CANCELED", "NOT_FILLABLE", "1"), "day": ("EXPIRED", None, "1"), "gtc": ("FILLED", None, "0")}
    assert document["orders"]["day"]["events"] == ["PLACED", "FROZEN", "RESTED", "EXPIRED"]


def test_an_order_gets_so_many_lots_of_a_quote_and_a_market_order_no_more(comes_out: Any) -> None:
    document = comes_out(
        quote(last=560), order("market", "buy", 3), order("limit", "buy", 3, 560), quote(last=559), instruments=gold(quote_qty=2)
    )  # fmt: skip
    market, limit = document["orders"]["market"], document["orders"]["limit"]
    assert (market["status"], market["reason"], market["filled_qty"], market["cancelled_qty"]) == ("CANCELED", "NOT_FILLABLE", "2", "1")
    # 2 lots at 560 and 1 at 559
    assert (limit["status"], limit["average_price"]) == ("FILLED", "559.66666667")
    assert [(fill["taker"], fill["qty"], fill["price"]) for fill in document["fills"]] == [
        ("market", "2", "560"), ("limit", "2", "560"), ("limit", "1", "559")
    ]  # fmt: skip


def test_a_deal_is_at_its_own_price_and_fee_and_a_refused_one_moves_nothing(comes_out: Any) -> None:
    fees = {"open_per_lot": 10, "close_per_lot": 10, "close_today_per_lot": 10}
    document = comes_out(
        quote(bid=500, ask=600), trade("buy", 2, "561.23", fee="8.05"), trade("sell", 1, "570", effect="close"), trade("sell", 5, "580", effect="close"),
        instruments=gold(fees=fees),
    )  # fmt: skip
    assert [fill["fee"] for fill in document["fills"]] == ["8.05", "10"]
    assert (document["orders"]["step-3"]["reason"], document["book"]["AU"]["last"]) == ("CLOSABLE_EXCEEDED", "570")
    assert (document["accounts"]["A"]["realised_pnl"], document["accounts"]["A"]["fees"]) == ("8770", "18.05")  # (570 − 561.23) × 1000


def test_a_day_is_settled_at_what_is_named_else_at_its_last_price_else_as_the_desk_does(comes_out: Any) -> None:
    held = {"id": "A", "balance": 1_000_000, "positions": [{"symbol": "AU", "side": "long", "qty": 1, "open_price": 500}]}
    document = comes_out(
        settle(),
        quote(bid=510, ask=512),
        settle(),
        quote(last=520),
        settle(),
        quote(bid=530),
        settle(),
        settle(),
        settle(AU=540),
        settle(),
        accounts=[held],
    )
    days = document["settlements"]
    # No price yet: the lots keep their basis. The middle of the quote. The last price of the day. Bid 530 above the ask is no quote, and there is no last
    # price that day: the settlement before. Nothing at all: the same. Named. The same again.
    assert [day["prices"]["AU"] for day in days] == [None, "511", "520", "520", "520", "540", "540"]
    assert [day["accounts"]["A"]["holding_on_carried"] for day in days] == ["0", "11000", "9000", "0", "0", "20000", "0"]
    assert [day["day"] for day in days] == [1, 2, 3, 4, 5, 6, 7]


def test_positions_are_carried_at_their_previous_settlement_and_the_account_begins_at_its_balance(comes_out: Any) -> None:
    lots = [{"symbol": "AU", "side": "long", "qty": 100, "open_price": 500}, {"symbol": "AU", "side": "short", "qty": 1, "open_price": 570}]
    document = comes_out(
        accounts=[{"id": "A", "balance": "12345.67", "positions": lots}, {"id": "B", "balance": 0}],
        instruments=gold(previous_settlement=560, max_order_qty=5, fees={"open_per_lot": 10}),
    )
    account = document["accounts"]["A"]
    # The long side has gained 6,000,000 by then: it was paid out before. Margin of both sides at 560: 101 × 56,000
    assert (account["balance"], account["floating"], account["margin"]) == ("12345.67", "0", "5656000")
    assert (account["realised_pnl"], account["fees"], document["fills"], document["orders"], document["settlements"]) == ("0", "0", [], {}, [])
    assert [(p["side"], p["qty"], p["today_qty"], p["closable_carried"], p["average_price"]) for p in account["positions"]] == [
        ("long", "100", "0", "100", "500"), ("short", "1", "0", "1", "570")
    ]  # fmt: skip
    assert document["accounts"]["B"]["balance"] == "0"


@pytest.mark.parametrize(("rule", "carried", "today"), [("fifo", "1", "2"), ("today_first", "3", "0")])
def test_closing_orders_that_rest_make_less_closable(comes_out: Any, rule: str, carried: str, today: str) -> None:
    held = {"id": "A", "balance": 1_000_000, "positions": [{"symbol": "AU", "side": "long", "qty": 3, "open_price": 560}]}
    document = comes_out(
        quote(last=560), order("more", "buy", 2), order("out", "sell", 2, 600, effect="close"), accounts=[held], rules={"close_order": rule}
    )  # fmt: skip
    position = document["accounts"]["A"]["positions"][0]
    assert (position["qty"], position["today_qty"], position["closable_carried"], position["closable_today"]) == ("5", "2", carried, today)
    assert document["book"]["AU"]["asks"] == [{"price": "600", "qty": "2", "orders": 1}]


def test_unlimited_funds_show_no_balance_and_every_other_figure(comes_out: Any) -> None:
    fees = {"open_per_lot": 10}
    document = comes_out(quote(last=560), order("o", "buy", 1000), settle(AU=561), accounts=[{"id": "A"}], instruments=gold(fees=fees))
    account, day = document["accounts"]["A"], document["settlements"][0]["accounts"]["A"]
    for name in ("balance", "equity", "available", "withdrawable", "margin_level", "risk_degree"):
        assert account[name] is None
    for name in ("opening_balance", "closing_balance", "equity", "available", "risk_degree", "lots_supported", "balance_after_call"):
        assert day[name] is None
    assert (account["margin"], account["fees"], account["state"]) == ("56100000", "10000", "NORMAL")
    assert (day["holding_pnl"], day["total_pnl"], day["fees"], day["cash_in"], day["margin_call"]) == ("1000000", "1000000", "10000", "0", "0")


def test_cash_moves_between_what_a_day_opens_and_closes_with(comes_out: Any) -> None:
    cash = [{"cash": {"account": "A", "amount": amount}} for amount in ("0.05", "-300", "100")]
    document = comes_out(*cash, settle(), {"cash": {"account": "A", "amount": -1}}, settle())
    first, second = (day["accounts"]["A"] for day in document["settlements"])
    assert (first["opening_balance"], first["cash_in"], first["cash_out"], first["closing_balance"]) == ("1000000", "100.05", "300", "999800.05")
    assert (second["opening_balance"], second["cash_in"], second["cash_out"], second["closing_balance"]) == ("999800.05", "0", "1", "999799.05")


@pytest.mark.parametrize(("rule", "available"), [("losses_only", "934000"), ("all", "934000"), ("gains_only", "944000"), ("none", "944000")])
def test_what_floats_counts_in_available_as_the_rule_says(comes_out: Any, rule: str, available: str) -> None:
    # 1 lot at 560 occupies 56,000; at 550 it floats −10,000
    document = comes_out(quote(last=560), order("o", "buy", 1), quote(last=550), rules={"floating": rule})
    assert (document["accounts"]["A"]["floating"], document["accounts"]["A"]["available"]) == ("-10000", available)


@pytest.mark.parametrize(("rule", "balance"), [("owed", "-40000"), ("written_off", "0")])
def test_a_deficit_is_owed_or_written_off(comes_out: Any, rule: str, balance: str) -> None:
    account = {"id": "A", "balance": 60_000}
    document = comes_out(trade("buy", 1, 560), trade("sell", 1, 460, effect="close"), settle(), accounts=[account], rules={"deficit": rule})
    assert (document["accounts"]["A"]["balance"], document["settlements"][0]["accounts"]["A"]["closing_balance"]) == (balance, balance)


def test_a_call_up_to_maintenance_restores_no_more_than_that(comes_out: Any) -> None:
    terms = {"initial_margin_rate": 0, "initial_margin_per_lot": 6000, "maintenance_margin_per_lot": 4000}
    document = comes_out(
        trade("buy", 1, 560), settle(AU=557), settle(AU=557), accounts=[{"id": "A", "balance": 6000}], instruments=gold(**terms),
        rules={"variation_call": "maintenance"},
    )  # fmt: skip
    first, second = (day["accounts"]["A"] for day in document["settlements"])
    assert (first["variation"], first["closing_balance"], first["margin_call"], first["balance_after_call"]) == ("-3000", "3000", "1000", "4000")
    assert (second["cash_in"], second["closing_balance"], second["margin_call"]) == ("1000", "4000", "0")


def test_a_margin_schedule_is_charged_at_the_settlement_before(comes_out: Any) -> None:
    stages = [{"from": "2026-11-03", "rate": "0.20"}, {"from": "2026-01-05", "rate": "0.15"}]
    document = comes_out(
        quote(last=560), order("o", "buy", 1), settle(AU=560), settle(AU=560), instruments=gold(margin_schedule=stages), start="2026-10-30"
    )  # fmt: skip
    # What begins before day 1 is in force then; 3 November, a Tuesday, is day 3.
    assert document["orders"]["o"]["freeze"]["margin"] == "84000"
    assert [day["accounts"]["A"]["margin"] for day in document["settlements"]] == ["84000", "112000"]


@pytest.mark.parametrize(("basis", "margin"), [("order_price", "56400"), ("previous_settlement", "55000"), ("last", "56200"), ("average", "56050")])
def test_margin_is_computed_at_its_basis(comes_out: Any, basis: str, margin: str) -> None:
    tape = [{"trade": {"symbol": "AU", "price": 560, "qty": 3}}, {"trade": {"symbol": "AU", "price": 562}}]  # 560.5 on average
    document = comes_out(
        quote(bid=562, ask=564), *tape, order("o", "buy", 1, 564), rules={"margin_basis": basis}, instruments=gold(previous_settlement=550)
    )  # fmt: skip
    assert document["accounts"]["A"]["margin"] == margin


def test_steps_happen_at_their_time_of_the_trading_day(scenario_desk: OwnDatabase, tmp_path: Path) -> None:
    steps = [
        {"at": "09:30", **quote(last=560)}, order("first", "buy", 1), {"at": "14:59:30", **order("second", "buy", 1)}, settle(), order("third", "buy", 1),
        {"at": "00:00:01.5", **order("fourth", "buy", 1)},
    ]  # fmt: skip
    file = tmp_path / "times.json"
    file.write_text(json.dumps({"name": "Times", "start": "2026-10-30", "instruments": [GOLD], "accounts": [{"id": "A"}], "steps": steps}))
    with scratch_database():
        run(build(read_scenario(file), User.objects.create_user("someone")))
        times = list(Order.objects.order_by("id").values_list("market_time", "trading_day"))
        assert_books_are_right()
    assert [at for at, _ in times] == [
        datetime(2026, 10, 30, 9, 30, tzinfo=UTC),
        datetime(2026, 10, 30, 14, 59, 30, tzinfo=UTC),
        datetime(2026, 11, 2, tzinfo=UTC),
        datetime(2026, 11, 2, 0, 0, 1, 500_000, tzinfo=UTC),
    ]
    assert [day.isoformat() for _, day in times] == ["2026-10-30", "2026-10-30", "2026-11-02", "2026-11-02"]
