"""Reading a scenario file: every field with its default, every kind of mistake named by step and field with what was expected."""

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tradingdesk.desk.scenario.errors import ScenarioError
from tradingdesk.desk.scenario.scenario import Scenario, name_of, read_scenario
from tradingdesk.desk.scenario.steps import Cash, PlaceOrder, Settle, Trade
from tradingdesk.desk.scenario.tree import DEEPEST, MOST_BYTES, read_tree
from tradingdesk.kernel import clock

D = Decimal
GOLD = {"symbol": "AU", "multiplier": 1000, "tick_size": "0.02", "matching": "dealer"}
ORDER = {"id": "o1", "account": "A", "symbol": "AU", "side": "buy", "qty": 3, "price": "560.04"}


def small(**changes: Any) -> dict[str, Any]:
    return {"name": "Small", "instruments": [GOLD], "accounts": [{"id": "A"}], "steps": [], **changes}


def gold(**changes: Any) -> dict[str, Any]:
    return small(instruments=[GOLD | changes])


def client(**changes: Any) -> dict[str, Any]:
    return small(accounts=[{"id": "A"} | changes])


def steps(*listed: dict[str, Any]) -> dict[str, Any]:
    return small(steps=list(listed))


def order(**changes: Any) -> dict[str, Any]:
    return steps({"order": ORDER | changes})


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def read_tree_of(tree: Any, name: str = "scenario.json") -> Scenario:
        file = tmp_path / name
        file.write_text(tree if isinstance(tree, str) else json.dumps(tree))
        return read_scenario(file)

    return read_tree_of


def test_only_four_fields_are_needed_and_everything_else_has_its_default(read: Any) -> None:
    found = read(small())
    assert (found.currency, found.start) == ("USD", date(2024, 6, 10))
    assert (found.rules.close_order, found.rules.fee_age, found.rules.margin_basis) == ("fifo", "fifo", "order_price")
    assert (found.rules.larger_side, found.rules.floating, found.rules.deficit, found.rules.variation_call) == (False, "losses_only", "owed", "none")
    contract = found.instruments[0]
    assert (contract.product, contract.previous_settlement, contract.max_order_qty, contract.qty_multiple) == ("AU", None, None, 1)
    assert (contract.initial_margin_rate, contract.fees.open_per_lot, contract.margin_schedule, contract.quote_qty) == (0, 0, (), None)
    assert (found.accounts[0].balance, found.accounts[0].positions) == (None, ())


def test_an_order_needs_no_more_than_who_what_and_how_much(read: Any) -> None:
    placed = read(order()).steps[0].action
    assert placed == PlaceOrder("o1", "A", "AU", "buy", "auto", "limit", D(3), D("560.04"), "GTC")


def test_numbers_are_exact_whichever_way_they_are_written(read: Any) -> None:
    text = """
name: Numbers
instruments: [{symbol: AU, multiplier: "1000", tick_size: 0.1, initial_margin_rate: 1e-1, previous_settlement: 0.3}]
accounts: [{id: A, balance: 1e5}]
steps: [{cash: {account: A, amount: -0.10}}, {settle: {prices: {AU: "562.10"}}}]
"""
    found = read(text, "numbers.yaml")
    assert [found.instruments[0].tick_size, found.instruments[0].previous_settlement, found.accounts[0].balance] == [D("0.1"), D("0.3"), 100_000]
    assert found.steps[0].action == Cash("A", D("-0.10"))
    assert found.steps[1].action == Settle({"AU": D("562.10")})
    same = read('{"name": "Small", "instruments": [{"symbol": "AU", "multiplier": 0.1, "tick_size": 3e-1}], "accounts": [{"id": "A"}], "steps": []}')
    assert (same.instruments[0].multiplier, same.instruments[0].tick_size) == (D("0.1"), D("0.3"))


def test_yaml_reads_days_times_and_words_as_they_are_written(read: Any) -> None:
    text = """
name: 2026
start: 2026-10-30
instruments: [{symbol: NO, multiplier: 1, tick_size: 0}]
accounts: [{id: 007}]
steps: [{at: 14:59:30, quote: {symbol: NO, last: 5}}, {settle: }]
"""
    found = read(text, "words.yaml")
    assert (found.name, found.start, found.instruments[0].symbol, found.accounts[0].id) == ("2026", date(2026, 10, 30), "NO", "007")
    assert (found.steps[0].at, found.days) == (time(14, 59, 30), [date(2026, 10, 30), date(2026, 11, 2)])


def test_defaults_of_what_comes_later_may_be_written_out(read: Any) -> None:
    rules = {"position_mode": "hedging", "trade_price": "resting", "self_trade": "allow", "auction_price": "max_volume"}
    later = {"dealer_in_book": None, "price_limit_rate": None, "protection": None, "position_limit": None, "deferral_rate": "0.0", "swap": None}
    account = {"id": "A", "pledge": 0, "statement_confirmed": True, "tier": None}
    placed = {"order": ORDER | {"post_only": False, "reduce_only": False, "self_trade": "allow", "min_qty": None}}
    tree = small(rules=rules, instruments=[GOLD | later | {"exchange_margin_rate": 0, "last_trading_day": None}], accounts=[account], steps=[placed])
    assert len(read(tree).steps) == 1


LATER = [
    (small(rules={"position_mode": "netting"}), "rules.position_mode: netting is"),
    (small(rules={"trade_price": "median"}), "rules.trade_price: median is"),
    (small(rules={"self_trade": "cancel_newest"}), "rules.self_trade: cancel_newest is"),
    (small(rules={"auction_price": "pair_mean"}), "rules.auction_price: pair_mean is"),
    (gold(dealer_in_book={"qty": 10}), "instruments[0].dealer_in_book:"),
    (gold(price_limit_rate="0.10"), "instruments[0].price_limit_rate:"),
    (gold(protection=1), "instruments[0].protection:"),
    (gold(exchange_margin_rate="0.05"), "instruments[0].exchange_margin_rate:"),
    (gold(position_limit=9000), "instruments[0].position_limit:"),
    (gold(deferral_rate="0.0002"), "instruments[0].deferral_rate:"),
    (gold(swap={"long": "-12.6"}), "instruments[0].swap:"),
    (gold(last_trading_day="2026-12-15"), "instruments[0].last_trading_day:"),
    (client(pledge=100), "accounts[0].pledge:"),
    (client(statement_confirmed=False), "accounts[0].statement_confirmed:"),
    (client(tier={"watch": 150}), "accounts[0].tier:"),
    (steps({"amend": {"id": "o1"}}), "steps[0].amend:"),
    (steps({"auction": {"symbol": "AU"}}), "steps[0].auction:"),
    (order(type="stop"), "steps[0].order.type: stop is"),
    (order(type="stop_limit"), "steps[0].order.type: stop_limit is"),
    (order(type="trailing_stop"), "steps[0].order.type: trailing_stop is"),
    (order(tif="GTD"), "steps[0].order.tif: GTD is"),
    (order(tif="FOK"), "steps[0].order.tif: FOK is"),
    (order(effect="close_today"), "steps[0].order.effect: close_today is"),
    (order(effect="close_yesterday"), "steps[0].order.effect: close_yesterday is"),
    (order(min_qty=1), "steps[0].order.min_qty:"),
    (order(stop_price=1), "steps[0].order.stop_price:"),
    (order(trigger="last"), "steps[0].order.trigger:"),
    (order(trail={"by": 1}), "steps[0].order.trail:"),
    (order(take_profit=600), "steps[0].order.take_profit:"),
    (order(stop_loss=500), "steps[0].order.stop_loss:"),
    (order(oco="o0"), "steps[0].order.oco:"),
    (order(post_only=True), "steps[0].order.post_only:"),
    (order(reduce_only=True), "steps[0].order.reduce_only:"),
    (order(self_trade="decrement"), "steps[0].order.self_trade:"),
    (order(protection_price=1), "steps[0].order.protection_price:"),
    (order(expires="2026-12-15"), "steps[0].order.expires:"),
    (steps({"settle": {"method": {"AU": "vwap_day"}}}), "steps[0].settle.method:"),
    (
        small(instruments=[{"symbol": "AU", "multiplier": 1, "tick_size": 1}], steps=[{"order": ORDER}]),
        "steps[0].order: an order in AU, whose matching is book, is",
    ),
]


@pytest.mark.parametrize(("tree", "begins"), LATER, ids=[begins.strip(":") for _, begins in LATER])
def test_what_later_releases_bring_is_not_supported_yet(read: Any, tree: dict[str, Any], begins: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        read(tree)
    assert str(refused.value) == f"{begins} not supported yet"


MISTAKES = [
    # the file as a whole
    ([], "a list is not a mapping; expected named fields"),
    ({}, "name: is missing"),
    (small() | {"colour": "red"}, "colour: unknown field; expected one of name, currency"),
    (small(name=""), 'name: "" will not do; expected a text of 1 to 100 printable letters'),
    (small(name=["x"]), "name: a list will not do"),
    (small(currency="usd"), 'currency: "usd" will not do'),
    (small(steps={}), "steps: a mapping is not a list"),
    (small(instruments=[]), "instruments: has 0 entries; expected at least 1"),
    (small(accounts=None), "accounts: null is not a list"),
    # days and times
    (small(start="2026-02-30"), 'start: "2026-02-30" is not a day; expected YYYY-MM-DD'),
    (small(start=20261030), 'start: "20261030" is not a day'),
    (small(start="2026-10-31"), "start: 2026-10-31 is a Saturday; expected a trading day, Monday to Friday"),
    (small(start="1969-06-02"), "start: 1969-06-02 will not do; expected a day from 1970-02-01 on"),
    (steps({"at": "25:00:00", "settle": {}}), 'steps[0].at: "25:00:00" is not a time of day; expected HH:MM:SS'),
    (steps({"at": "9:30", "settle": {}}), 'steps[0].at: "9:30" is not a time of day'),
    (
        steps({"at": "10:00", "quote": {"symbol": "AU", "last": 1}}, {"at": "09:59:59", "quote": {"symbol": "AU", "last": 1}}),
        "steps[1].at: 09:59:59 lies before 10:00:00, which the day has reached; expected 10:00:00 or later",
    ),
    # numbers
    (gold(multiplier=0), 'instruments[0].multiplier: "0" will not do; expected a decimal number above 0'),
    (gold(multiplier=-5), 'instruments[0].multiplier: "-5" will not do'),
    (gold(multiplier="1e400"), 'instruments[0].multiplier: "1e400" will not do'),
    (gold(multiplier="NaN"), 'instruments[0].multiplier: "NaN" will not do'),
    (gold(multiplier="Infinity"), 'instruments[0].multiplier: "Infinity" will not do'),
    (gold(multiplier="1_000"), 'instruments[0].multiplier: "1_000" will not do'),
    (gold(multiplier="１０"), 'instruments[0].multiplier: "１０" will not do'),
    (gold(multiplier="ten"), 'instruments[0].multiplier: "ten" will not do'),
    (gold(multiplier=True), "instruments[0].multiplier: true will not do"),
    (gold(multiplier=None), "instruments[0].multiplier: null will not do"),
    (gold(multiplier=[1]), "instruments[0].multiplier: a list will not do"),
    (gold(tick_size="-0.02"), 'instruments[0].tick_size: "-0.02" will not do; expected a decimal number of at least 0'),
    (gold(tick_size="0.0000001"), 'instruments[0].tick_size: "0.0000001" has too many digits'),
    (gold(multiplier="1000000000000"), 'instruments[0].multiplier: "1000000000000" has too many digits'),
    (gold(initial_margin_rate="-0.1"), 'instruments[0].initial_margin_rate: "-0.1" will not do'),
    (gold(fees={"open_per_lot": "0.005"}), 'instruments[0].fees.open_per_lot: "0.005" has too many digits'),
    (client(balance="-1"), 'accounts[0].balance: "-1" will not do'),
    (client(balance="0.001"), 'accounts[0].balance: "0.001" has too many digits'),
    # rules, instruments, accounts
    (small(rules={"floating": "some"}), 'rules.floating: "some" will not do; expected losses_only or all or gains_only or none'),
    (small(rules={"larger_side": "yes"}), 'rules.larger_side: "yes" will not do; expected true or false'),
    (small(rules=[]), "rules: a list is not a mapping"),
    (gold(symbol="A U"), 'instruments[0].symbol: "A U" will not do'),
    (gold(symbol="A" * 33), "instruments[0].symbol:"),
    (gold(symbol="A\nU"), "instruments[0].symbol:"),
    (gold(matching="none"), 'instruments[0].matching: "none" will not do; expected book or dealer'),
    (gold(fees={"open": 1}), "instruments[0].fees.open: unknown field; expected one of open_per_lot"),
    (gold(margin_schedule=[{"from": "soon", "rate": 1}]), 'instruments[0].margin_schedule[0].from: "soon" is not a day'),
    (gold(margin_schedule=[{"from": "2026-11-02"}]), "instruments[0].margin_schedule[0].rate: is missing"),
    (small(instruments=[GOLD, GOLD]), 'instruments[1].symbol: "AU" is there already; expected each one once'),
    (small(accounts=[{"id": "A"}, {"id": "A"}]), 'accounts[1].id: "A" is there already'),
    (client(id="A/B"), 'accounts[0].id: "A/B" will not do'),
    (
        client(positions=[{"symbol": "AG", "side": "long", "qty": 1, "open_price": 1}]),
        'accounts[0].positions[0].symbol: "AG" is not one of the instruments; expected one of AU',
    ),
    (
        client(positions=[{"symbol": "AU", "side": "flat", "qty": 1, "open_price": 1}]),
        'accounts[0].positions[0].side: "flat" will not do; expected long or short',
    ),
    (
        client(positions=[{"symbol": "AU", "side": "long", "qty": "1.5", "open_price": 1}]),
        'accounts[0].positions[0].qty: "1.5" will not do; expected a multiple of 1',
    ),
    # steps
    (small(steps=["settle"]), 'steps[0]: "settle" is not a mapping'),
    (steps({}), "steps[0]: names nothing to do; expected one of quote, order"),
    (steps({"settle": {}, "cash": {}}), "steps[0]: names 2 things to do"),
    (steps({"sleep": {}}), "steps[0].sleep: unknown step; expected one of quote, order"),
    (steps({"quote": {"symbol": "AU"}}), "steps[0].quote: names no price; expected one of bid, ask, last at least"),
    (steps({"quote": {"symbol": "AG", "last": 1}}), 'steps[0].quote.symbol: "AG" is not one of the instruments; expected one of AU'),
    (steps({"quote": {"symbol": "AU", "last": 0}}), 'steps[0].quote.last: "0" will not do'),
    (steps({"quote": None}), "steps[0].quote.symbol: is missing"),
    (order(account="B"), 'steps[0].order.account: "B" is not one of the accounts; expected one of A'),
    (order(colour="red"), "steps[0].order.colour: unknown field"),
    (order(side="up"), 'steps[0].order.side: "up" will not do; expected buy or sell'),
    (order(side="BUY"), 'steps[0].order.side: "BUY" will not do'),
    (order(qty="many"), 'steps[0].order.qty: "many" will not do'),
    (order(qty="0.00001"), 'steps[0].order.qty: "0.00001" has too many digits'),
    (order(price=None), "steps[0].order.price: is missing; expected a limit order's price"),
    (order(type="market"), 'steps[0].order.price: "560.04" will not do; expected no price'),
    (order(tif="gtc"), 'steps[0].order.tif: "gtc" will not do; expected GTC or DAY or IOC or GTD or FOK'),
    (order(id="o 1"), 'steps[0].order.id: "o 1" will not do'),
    (steps({"order": ORDER}, {"order": ORDER}), 'steps[1].order.id: "o1" is there already'),
    (
        steps({"order": ORDER | {"id": "step-1"}}, {"trade": {"account": "A", "symbol": "AU", "side": "buy", "qty": 1, "price": 1}}),
        'steps[1].trade: "step-1" is there already',
    ),
    (steps({"cancel": {"id": "o1"}}), 'steps[0].cancel.id: "o1" is not one of the orders so far; expected one that is placed before'),
    (steps({"cancel": {}}), "steps[0].cancel.id: is missing"),
    (steps({"trade": {"account": "A", "symbol": "AU", "qty": 1, "price": 1}}), "steps[0].trade.side: is missing"),
    (steps({"trade": {"account": "A", "symbol": "AU", "side": "buy", "price": 1}}), "steps[0].trade.qty: is missing"),
    (steps({"trade": {"symbol": "AU", "price": 1, "fee": 1}}), "steps[0].trade.fee: has no meaning without an account"),
    (steps({"trade": {"symbol": "AU", "price": -1}}), 'steps[0].trade.price: "-1" will not do'),
    (steps({"cash": {"account": "A", "amount": 0}}), 'steps[0].cash.amount: "0" will not do'),
    (steps({"cash": {"account": "A", "amount": "0.001"}}), 'steps[0].cash.amount: "0.001" has too many digits'),
    (steps({"settle": {"prices": {"AG": 1}}}), 'steps[0].settle.prices.AG: "AG" is not one of the instruments'),
    (steps({"settle": {"prices": {"AU": 0}}}), 'steps[0].settle.prices.AU: "0" will not do'),
    (steps({"settle": {"price": {}}}), "steps[0].settle.price: unknown field; expected one of prices, method"),
    # expectations
    (steps({"expect": []}), "steps[0].expect: a list is not a mapping"),
    (steps({"expect": {"account": {}}}), "steps[0].expect.account: unknown field of a result; expected one of name, orders"),
    (steps({"expect": {"accounts": {"A": {"avail": 1}}}}), "steps[0].expect.accounts.A.avail: unknown field of a result"),
    (steps({"expect": {"accounts": {"B": {}}}}), 'steps[0].expect.accounts.B: "B" is not one of the accounts; expected one of A'),
    (steps({"expect": {"orders": {"o1": {}}}}), 'steps[0].expect.orders.o1: "o1" is not one of the orders so far'),
    (steps({"expect": {"settlements": [{"prices": {"AG": 1}}]}}), 'steps[0].expect.settlements[0].prices.AG: "AG" is not one of the instruments'),
    (steps({"expect": {"fills": {}}}), "steps[0].expect.fills: a mapping is not a list"),
    (steps({"expect": {"accounts": {"A": {"available": {}}}}}), "steps[0].expect.accounts.A.available: a mapping will not do; expected one value"),
]


@pytest.mark.parametrize(("tree", "begins"), MISTAKES, ids=[begins[:60] for _, begins in MISTAKES])
def test_a_mistake_is_named_by_step_and_field_with_what_was_expected(read: Any, tree: Any, begins: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        read(tree)
    assert str(refused.value).startswith(begins)
    assert "\n" not in str(refused.value)


def test_what_the_desk_refuses_of_an_order_is_no_mistake_of_the_file(read: Any) -> None:
    placed = read(order(qty=-3, price="0.001")).steps[0].action
    assert (placed.qty, placed.price) == (-3, D("0.001"))


def test_a_print_needs_no_more_than_a_price(read: Any) -> None:
    assert read(steps({"trade": {"symbol": "AU", "price": "560"}})).steps[0].action == Trade(None, "AU", None, None, None, D(560), None)


BROKEN_TEXTS = [
    ("empty.yaml", "", "the file is empty"),
    ("comment.yaml", "# nothing\n", "the file is empty"),
    ("broken.yaml", "name: [1", "line 2: not YAML"),
    ("tabs.yaml", "name:\n\t- 1", "line 2: not YAML"),
    ("twice.yaml", "name: a\nname: b", 'line 2: "name" appears twice in one mapping; expected each field once'),
    ("inner.yaml", "name: a\nrules: {floating: all, floating: none}", 'line 2: "floating" appears twice'),
    ("key.yaml", "? [a]\n: b", "line 1: a list is not the name of a field"),
    ("null.yaml", "~: b", "line 1: null is not the name of a field"),
    ("anchor.yaml", "name: &a x\nrules: *a", 'line 1: anchors and aliases ("a") are not read; expected each value written out'),
    ("tag.yaml", "name: !!python/object/apply:os.system [x]", "line 1: tags"),
    ("own.yaml", "name: !secret x", "line 1: tags"),
    ("two.yaml", "name: a\n---\nname: b", "line 2: a second document begins; expected one document"),
    ("deep.yaml", "[" * (DEEPEST + 1) + "]" * (DEEPEST + 1), f"line 1: too many levels; expected at most {DEEPEST}"),
    ("deep.json", "[" * (DEEPEST + 2) + "]" * (DEEPEST + 2), f"too many levels; expected at most {DEEPEST}"),
    ("deepest.json", "[" * 100_000, "too many levels"),
    ("text.yaml", "just words", '"just words" is not a mapping'),
    ("broken.json", '{"name": ', "line 1: not JSON (expecting value)"),
    ("twice.json", '{"name": "a", "name": "b"}', '"name" appears twice in one mapping'),
    ("nan.json", '{"name": NaN}', "NaN is not a number"),
    ("infinite.json", '{"name": -Infinity}', "-Infinity is not a number"),
    ("control.yaml", "name: \x01", "not YAML"),
]


@pytest.mark.parametrize(("name", "text", "begins"), BROKEN_TEXTS, ids=[name for name, _, _ in BROKEN_TEXTS])
def test_a_text_that_is_no_plain_tree_is_refused(read: Any, name: str, text: str, begins: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        read(text, name)
    assert str(refused.value).startswith(begins)
    assert "\n" not in str(refused.value)


def test_a_bomb_of_aliases_is_refused_at_its_first_anchor(read: Any) -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60)]
    with pytest.raises(ScenarioError, match=r"^line 1: anchors and aliases"):
        read("\n".join(lines), "bomb.yaml")


def test_a_file_that_is_not_there_not_a_file_not_text_or_too_large(tmp_path: Path) -> None:
    binary, zeros, huge = tmp_path / "binary.yaml", tmp_path / "zeros.json", tmp_path / "huge.yaml"
    binary.write_bytes(b"\x89PNG\r\n\xff\xfe")
    zeros.write_bytes(b"{\x00}")
    huge.write_bytes(b"#" * (MOST_BYTES + 1))
    expected = {
        tmp_path / "absent.yaml": "there is no such file; expected a scenario file in JSON or YAML",
        tmp_path: "the file cannot be read (Is a directory)",
        binary: "byte 0 is not UTF-8; expected a text file",
        zeros: "the file holds zero bytes",
        huge: "the file is too large; expected at most 5,000,000 bytes",
    }
    for file, begins in expected.items():
        with pytest.raises(ScenarioError) as refused:
            read_tree(file)
        assert str(refused.value).startswith(begins)


def test_json_is_known_by_its_ending_or_its_first_letter(tmp_path: Path) -> None:
    for name in ("a.json", "b.txt", "c.yaml"):
        (tmp_path / name).write_text('\ufeff {"a": "\\u00e9", "b": 1.50}')
        tree = read_tree(tmp_path / name)
        assert (tree["a"], tree["b"]) == ("é", "1.50")


def test_a_broken_file_is_called_by_its_name_where_that_can_be_told(tmp_path: Path) -> None:
    named, nameless = tmp_path / "named.yaml", tmp_path / "nameless.yaml"
    named.write_text("name: Mine\ncolour: red")
    nameless.write_text("name: [")
    assert [name_of(named), name_of(nameless), name_of(tmp_path / "absent.yaml")] == ["Mine", None, None]


def test_days_lie_where_ticks_can_be_kept(read: Any) -> None:
    with clock.fixed(datetime(2026, 3, 2, tzinfo=UTC)):
        assert read(small(start="2027-02-24", steps=[{"settle": {}}])).days[-1] == date(2027, 2, 25)
        with pytest.raises(ScenarioError, match="start: the last day would be 2027-02-26; expected days that end within 360 days from now"):
            read(small(start="2027-02-24", steps=[{"settle": {}}, {"settle": {}}]))


def test_a_file_of_many_steps_is_read(read: Any) -> None:
    text = json.dumps(steps(*({"quote": {"symbol": "AU", "last": price}} for price in range(1, 20_001))))
    assert len(read(text).steps) == 20_000
    with pytest.raises(ScenarioError, match="steps: has 20001 entries; expected 0 to 20000"):
        read(steps(*({"settle": {}} for _ in range(20_001))))
