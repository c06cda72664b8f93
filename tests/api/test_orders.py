"""Placing, finding and cancelling orders over REST. Gold quoted 2000.00 / 2000.50, margin 5 %, fee 5.00 a lot."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.roles import Role
from tests.api.bad_input import LIMIT, order_fields
from tests.api.conftest import Program
from tests.factories.desk import funds
from tests.orders.trouble import TOO_MANY, overflow

pytestmark = pytest.mark.django_db


def place(program: Program, **fields: Any) -> Any:
    return program.post("orders/", order_fields(program.account.number, program.desk.gold.symbol, **fields))


def test_an_accepted_order_answers_201_and_its_repetition_200(program: Program) -> None:
    first, second = place(program), place(program)
    assert (first.status_code, second.status_code) == (201, 200)
    assert (first.json()["status"], first.json()["average_price"], first.json()["replayed"]) == ("FILLED", "2000.5", False)
    assert (second.json()["order_id"], second.json()["replayed"]) == (first.json()["order_id"], True)
    assert len(program.orders()) == 1


def test_a_denied_order_answers_422_again_when_repeated(program: Program) -> None:
    first, second = place(program, quantity="51"), place(program, quantity="51")
    assert (first.status_code, second.status_code) == (422, 422)
    assert first.json()["order"]["order_id"] == second.json()["order"]["order_id"]


def test_one_order_comes_with_its_events_and_fills(program: Program) -> None:
    order_id = place(program).json()["order_id"]
    body = program.get(f"orders/{order_id}/").json()
    assert [event["step"] for event in body["events"]] == ["PLACED", "FROZEN", "MATCHED", "FILLED", "RELEASED", "POSITIONED", "SETTLED"]
    assert [(fill["price"], fill["quote"]["ask"]) for fill in body["fills"]] == [("2000.5", "2000.5")]


def test_lists_newest_first_by_account_and_status(program: Program) -> None:
    ids = [place(program, client_order_id=f"c{n}", **LIMIT).json()["order_id"] for n in range(3)]
    place(program, client_order_id="d", quantity="51")
    number = program.account.number
    listed = program.get("orders/", account=number, status="WORKING").json()["orders"]
    assert [order["order_id"] for order in listed] == ids[::-1]
    assert [order["order_id"] for order in program.get("orders/", limit=1, before=ids[2]).json()["orders"]] == [ids[1]]
    assert len(program.get("orders/").json()["orders"]) == 4


@pytest.mark.parametrize(
    "query", [{"status": "OPEN"}, {"limit": "0"}, {"limit": "501"}, {"limit": "many"}, {"before": "-1"}, {"before": "9" * 30}, {"stat": "FILLED"}]
)
def test_refuses_filters_it_does_not_know(program: Program, query: dict[str, str]) -> None:
    response = program.get("orders/", **query)
    assert (response.status_code, response.json()["code"]) == (400, "INVALID_REQUEST")


def test_cancels_a_working_order_and_gives_the_margin_back(program: Program) -> None:
    order_id = place(program, **LIMIT).json()["order_id"]
    assert funds(program.account).frozen_margin == 9950  # 1990 × 100 × 5 %
    response = program.post(f"orders/{order_id}/cancel/", {})
    assert (response.status_code, response.json()["status"]) == (200, "CANCELED")
    assert funds(program.account).frozen == 0
    assert program.post(f"orders/{order_id}/cancel/", {}).status_code == 200


def test_a_filled_order_cannot_be_canceled(program: Program) -> None:
    order_id = place(program).json()["order_id"]
    before = program.snapshot()
    response = program.post(f"orders/{order_id}/cancel/", {})
    assert (response.status_code, response.json()["code"]) == (409, "INVALID_TRANSITION")
    assert response.json()["extra"]["status"] == "FILLED"
    assert program.snapshot() == before


def test_a_batch_answers_each_member_in_order(program: Program) -> None:
    number, symbol = program.account.number, program.desk.gold.symbol
    good, denied = order_fields(number, symbol, client_order_id="a"), order_fields(number, symbol, client_order_id="b", quantity="51")
    response = program.post("orders/batch/", [good, "nonsense", denied, order_fields("X-9", symbol), good | {"client_order_id": "c"}])
    answers = response.json()["outcomes"]
    assert response.status_code == 200
    assert [answer["order"] and answer["order"]["status"] for answer in answers] == ["FILLED", None, "DENIED", None, "FILLED"]
    assert [answer["error"] and answer["error"]["code"] for answer in answers] == [None, "INVALID_REQUEST", "QTY_OVER_MAXIMUM", "NOT_FOUND", None]


def test_a_batch_is_bounded(program: Program) -> None:
    response = program.post("orders/batch/", [{}] * 501)
    assert (response.status_code, response.json()["extra"]["maximum"]) == (400, 500)


@pytest.mark.parametrize("order_id", ["{}", "999999", "99999999999999999999999"])
@pytest.mark.parametrize("verb", ["get", "cancel"])
def test_orders_of_others_are_not_found(program: Program, order_id: str, verb: str) -> None:
    other = program.desk.account(owner=User.objects.create_user("other"))
    foreign = program.desk.buy(other, 1, "1990").order_id
    path = f"orders/{order_id.format(foreign)}/"
    response = program.get(path) if verb == "get" else program.post(f"{path}cancel/", {})
    assert (response.status_code, response.json()["code"]) == (404, "NOT_FOUND")
    assert other.orders.get().status == "WORKING"


def test_who_may_see_every_account_may_not_trade_it(program: Program) -> None:
    from django.contrib.auth.models import Group

    watcher = User.objects.create_user("watcher", is_staff=True)
    watcher.groups.add(Group.objects.get(name=Role.COMPLIANCE))
    order_id = place(program, **LIMIT).json()["order_id"]
    program.client.force_login(watcher)
    before = program.snapshot()
    assert program.get(f"orders/{order_id}/").status_code == 200
    for response in (place(program, client_order_id="w"), program.post(f"orders/{order_id}/cancel/", {})):
        assert (response.status_code, response.json()["code"]) == (403, "NOT_PERMITTED")
    assert program.snapshot() == before


def test_an_owner_without_the_right_to_trade_sees_the_account_and_places_nothing(program: Program) -> None:
    program.desk.trader.groups.clear()
    before = program.snapshot()
    assert program.get(f"accounts/{program.account.number}/").status_code == 200
    response = place(program)
    assert (response.status_code, response.json()["code"]) == (403, "NOT_PERMITTED")
    assert (program.snapshot(), program.orders()) == (before, [])


def test_strangers_and_forged_requests_are_turned_away(program: Program) -> None:
    fields = order_fields(program.account.number, program.desk.gold.symbol)
    stranger, forged = Client(), Client(enforce_csrf_checks=True)
    forged.force_login(program.desk.trader)
    for client, code in ((stranger, "NOT_AUTHENTICATED"), (forged, "PERMISSION_DENIED")):
        response = client.post("/api/v1/orders/", fields, content_type="application/json")
        assert (response.status_code, response.json()["code"]) == (403, code)
    assert program.orders() == []


@pytest.mark.parametrize("path", ["nothing/", "orders/x/", "accounts/a/b/c/"])
def test_unknown_addresses_answer_in_the_error_format(program: Program, path: str) -> None:
    response = program.get(path)
    assert (response.status_code, response.json()["code"]) == (404, "NOT_FOUND")


def test_wrong_verbs_answer_in_the_error_format(program: Program) -> None:
    response = program.get("orders/batch/")
    assert (response.status_code, response.json()["code"]) == (405, "METHOD_NOT_ALLOWED")


def test_an_order_that_cannot_be_written_down_is_the_desks_own_error_and_moves_nothing(program: Program) -> None:
    overflow(program.desk, program.account)
    before, orders = program.snapshot(), len(program.orders())
    response = place(program, side="SELL", effect="CLOSE", quantity=str(TOO_MANY), client_order_id="too-many")
    assert (response.status_code, response.json()["code"], response.json()["extra"]) == (500, "NOT_RECORDED", {"client_order_id": "too-many"})
    assert (program.snapshot(), len(program.orders())) == (before, orders)


def test_in_a_batch_its_error_stands_in_its_place_without_an_order(program: Program) -> None:
    overflow(program.desk, program.account)
    number, symbol = program.account.number, program.desk.gold.symbol
    closing = order_fields(number, symbol, side="SELL", effect="CLOSE")
    quantities = {"a": "1", "b": str(TOO_MANY - 1), "c": "2"}
    answers = program.post("orders/batch/", [closing | {"client_order_id": name, "quantity": lots} for name, lots in quantities.items()]).json()[
        "outcomes"
    ]
    assert [answer["order"] and answer["order"]["filled_quantity"] for answer in answers] == ["1", None, "2"]
    assert [answer["error"] and answer["error"]["code"] for answer in answers] == [None, "NOT_RECORDED", None]


def test_an_order_filled_in_part_says_what_it_still_freezes_and_what_each_fill_took(program: Program) -> None:
    program.desk.cap(2)
    placed = place(program, quantity="5", type="LIMIT", limit_price="2001").json()
    assert (placed["status"], placed["quantity"], placed["filled_quantity"], placed["average_price"]) == ("PARTIALLY_FILLED", "5", "2", "2000.5")
    # 5 × 2001.00 × 100 × 5 % = 50,025.00 and 25.00, of which two lots took 20,010.00 and 10.00
    body = program.get(f"orders/{placed['order_id']}/").json()
    assert (body["frozen_margin"], body["frozen_fee"]) == ("30015", "15")
    assert [(fill["quantity"], fill["captured_margin"], fill["captured_fee"]) for fill in body["fills"]] == [("2", "20010", "10")]
    program.post(f"orders/{placed['order_id']}/cancel/", {})
    [listed] = program.get("orders/", status="CANCELED").json()["orders"]
    assert (listed["filled_quantity"], listed["frozen_margin"], listed["frozen_fee"]) == ("2", "0", "0")
