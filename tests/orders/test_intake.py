"""An order from outside is read exactly, or refused with what is wrong; the same for the page and the API."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group

from accounts.models import User
from orders.models import Order
from orders.selectors import order_events, order_for, order_history, order_to_cancel, recent_fills, recent_orders, working_orders
from orders.services.intake import order_request
from tests.factories.desk import Desk
from tradingdesk.kernel.errors import DeskError, InvalidRequest, NotFound, NotPermitted

pytestmark = pytest.mark.django_db
D = Decimal


def asked(desk: Desk, account: Any, /, **fields: Any) -> dict[str, Any]:
    data = {"account": account.number, "instrument": desk.gold.symbol, "side": "BUY", "quantity": "1", **fields}
    return {name: value for name, value in data.items() if value is not ...}


def test_what_is_not_said_has_its_default(desk: Desk) -> None:
    account = desk.account()
    request = order_request(desk.trader, asked(desk, account), source="api", request_id="r-1")
    assert (request.type, request.time_in_force, request.effect, request.limit_price) == ("MARKET", "IOC", "OPEN", None)
    assert (request.account_id, request.instrument_id, request.actor_id, request.source, request.request_id) == (
        account.pk,
        desk.gold.pk,
        desk.trader.pk,
        "api",
        "r-1",
    )
    limit = order_request(desk.trader, asked(desk, account, limit_price="1900.00"), source="api", request_id="")
    assert (limit.type, limit.time_in_force, limit.limit_price) == ("LIMIT", "DAY", D(1900))
    assert request.client_order_id != limit.client_order_id


@pytest.mark.parametrize(
    ("fields", "read"),
    [
        ({"side": "sell"}, {"side": "SELL"}),
        ({"quantity": 2}, {"quantity": D(2)}),
        ({"quantity": " 2.50 "}, {"quantity": D("2.5")}),
        ({"quantity": "-1"}, {"quantity": D(-1)}),  # read here, denied by the checks with its numbers
        ({"limit_price": "0"}, {"limit_price": D(0), "type": "LIMIT"}),
        ({"limit_price": "", "type": "", "effect": None}, {"limit_price": None, "type": "MARKET", "effect": "OPEN"}),
        ({"limit_price": "1900", "time_in_force": "gtc"}, {"time_in_force": "GTC"}),
        ({"effect": "AUTO"}, {"effect": "OPEN"}),
        ({"effect": "close"}, {"effect": "CLOSE"}),
        ({"client_order_id": "a.B_9:-"}, {"client_order_id": "a.B_9:-"}),
    ],
)
def test_words_and_numbers_are_read(desk: Desk, fields: dict[str, Any], read: dict[str, Any]) -> None:
    request = order_request(desk.trader, asked(desk, desk.account(), **fields), source="api", request_id="")
    assert {name: getattr(request, name) for name in read} == read


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"price": "1"}, "price"),
        ({"side": ...}, "side"),
        ({"quantity": ""}, "quantity"),
        ({"side": "HOLD"}, "side"),
        ({"side": 1}, "side"),
        ({"type": "STOP"}, "type"),
        ({"time_in_force": "FOK", "limit_price": "1"}, "time_in_force"),
        ({"effect": "FLAT"}, "effect"),
        ({"quantity": "one"}, "quantity"),
        ({"quantity": 1.0}, "quantity"),
        ({"quantity": True}, "quantity"),
        ({"quantity": "NaN"}, "quantity"),
        ({"quantity": "1_0"}, "quantity"),
        ({"quantity": "0.00001"}, "quantity"),
        ({"quantity": "1e16"}, "quantity"),
        ({"quantity": "1" * 21}, "quantity"),
        ({"limit_price": "1900.0000001"}, "limit_price"),
        ({"limit_price": "1e14"}, "limit_price"),
        ({"limit_price": "Infinity"}, "limit_price"),
        ({"type": "LIMIT"}, "limit_price"),
        ({"type": "MARKET", "limit_price": "1900"}, "limit_price"),
        ({"time_in_force": "DAY"}, "time_in_force"),
        ({"client_order_id": "has space"}, "client_order_id"),
        ({"client_order_id": "x" * 65}, "client_order_id"),
        ({"client_order_id": 7}, "client_order_id"),
        ({"account": ["T-1"]}, "account"),
        ({"account": "x\x00"}, "account"),
    ],
)
def test_what_cannot_be_read_is_refused_and_named(desk: Desk, fields: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        order_request(desk.trader, asked(desk, desk.account(), **fields), source="api", request_id="")
    assert named in str(refusal.value.extra)
    assert Order.objects.count() == 0


@pytest.mark.parametrize("data", [None, [], "BUY", 1, [{"account": "T-1"}]])
def test_an_order_is_an_object(desk: Desk, data: Any) -> None:
    with pytest.raises(InvalidRequest):
        order_request(desk.trader, data, source="api", request_id="")


@pytest.mark.parametrize(
    ("who", "fields", "refusal"),
    [
        ("trader", {"account": "T-0"}, NotFound),
        ("trader", {"instrument": "NOTHING"}, NotFound),
        ("stranger", {}, NotFound),  # somebody else's account does not exist for them
        ("watcher", {}, NotPermitted),
        ("stranger", {"side": "HOLD"}, InvalidRequest),  # what is wrong in itself is said first
    ],
)
def test_for_whom_and_in_what(desk: Desk, who: str, fields: dict[str, Any], refusal: type[DeskError]) -> None:
    stranger, watcher = User.objects.create_user("stranger"), User.objects.create_user("watcher")
    watcher.groups.add(Group.objects.get(name="compliance"))
    user = {"trader": desk.trader, "stranger": stranger, "watcher": watcher}[who]
    with pytest.raises(refusal) as raised:
        order_request(user, asked(desk, desk.account(), **fields), source="api", request_id="")
    assert type(raised.value) is refusal


def test_orders_are_read_by_those_who_may_and_canceled_by_those_who_trade(desk: Desk) -> None:
    stranger, watcher = User.objects.create_user("stranger"), User.objects.create_user("watcher")
    watcher.groups.add(Group.objects.get(name="compliance"))
    account = desk.account()
    filled, resting, denied = desk.buy(account, 1), desk.buy(account, 1, "1900.00"), desk.buy(account, 1, "1.001")
    assert order_for(desk.trader, resting.order_id) == order_for(watcher, resting.order_id) == order_to_cancel(desk.trader, resting.order_id)
    for read in (order_for, order_to_cancel):
        with pytest.raises(NotFound):
            read(stranger, resting.order_id)
    with pytest.raises(NotPermitted):
        order_to_cancel(watcher, resting.order_id)
    ids = [denied.order_id, resting.order_id, filled.order_id]
    assert [o.pk for o in working_orders(account.pk)] == [resting.order_id]
    assert [o.pk for o in recent_orders(account.pk, 2)] == ids[:2]
    assert [f.order_id for f in recent_fills(account.pk)] == [filled.order_id]
    assert [e.step for e in order_events(denied.order_id)] == ["DENIED"]
    history = {"account_id": None, "status": None, "before": None, "limit": 50}
    assert [o.pk for o in order_history(desk.trader, **history)] == ids
    assert [o.pk for o in order_history(desk.trader, **{**history, "before": ids[0], "limit": 1})] == [ids[1]]
    assert [o.pk for o in order_history(desk.trader, **{**history, "status": "FILLED", "account_id": account.pk})] == [ids[2]]
    assert order_history(stranger, **history) == []
