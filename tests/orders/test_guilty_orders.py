"""One order that makes the database fail is answered and logged; all others of its batch are placed as if it had not been asked for."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest

from accounts.models import Account
from orders.domain.order import OrderRequest, Outcome
from orders.enums import Effect, OrderStatus, Reason
from orders.models import Order
from orders.services import placement
from tests.conftest import OwnDatabase
from tests.factories.books import assert_books_are_right
from tests.factories.desk import Desk, funds, make_desk
from tests.orders.trouble import TOO_MANY, held, overflow, refusing
from tradingdesk.kernel.errors import LockTimeout, NotFound

D = Decimal
BAD = "NEW.client_order_id LIKE 'bad%'"


def batch(desk: Desk, count: int, guilty: Sequence[int], accounts: Sequence[Account]) -> list[OrderRequest]:
    """Buys, the guilty ones under ids that PostgreSQL refuses."""
    return [
        desk.request(accounts[n % len(accounts)], "BUY", 1, client_order_id=f"bad-{n}" if n in guilty else f"good-{n}", request_id=f"r{n}")
        for n in range(count)
    ]


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if "an order cannot be recorded" in record.getMessage()]


@pytest.mark.parametrize("guilty", [{0}, {4}, {8}, {2, 6}, {3, 4}, {0, 8}, set(range(9))])
def test_all_others_are_placed_wherever_the_guilty_ones_stand(
    own_database: OwnDatabase, committed_desk: Desk, caplog: pytest.LogCaptureFixture, guilty: set[int]
) -> None:
    desk = committed_desk
    accounts = [desk.account() for _ in range(3)]
    requests = batch(desk, 9, sorted(guilty), accounts)
    with refusing(own_database, BAD):
        outcomes = desk.place(requests, some_are_guilty=True)
    assert [o.client_order_id for o in outcomes] == [r.client_order_id for r in requests]
    for number, outcome in enumerate(outcomes):
        expected = (None, "", Reason.NOT_RECORDED) if number in guilty else (outcome.order_id, OrderStatus.FILLED, "")
        assert (outcome.order_id, outcome.status, outcome.reason, outcome.replayed) == (*expected, False)
    assert set(Order.objects.values_list("pk", flat=True)) == {o.order_id for o in outcomes if o.order_id}
    for index, account in enumerate(accounts):
        placed = len({n for n in range(9) if n % 3 == index} - guilty)
        assert funds(account).version == 1 + placed
    assert len(said(caplog)) == len(guilty)
    assert_books_are_right()


@pytest.mark.parametrize(
    ("table", "condition"),
    [
        ("orders_order", BAD),
        ("orders_fill", "NEW.quantity = 3"),
        ("accounts_lotchange", "NEW.quantity_change = 3"),
        ("orders_orderevent", "NEW.request_id = 'bad' AND NEW.step = 'SETTLED'"),
    ],
)
@pytest.mark.parametrize("at_commit", [False, True])
def test_whichever_row_is_refused_and_whenever(
    own_database: OwnDatabase, committed_desk: Desk, table: str, condition: str, at_commit: bool, caplog: pytest.LogCaptureFixture
) -> None:
    desk = committed_desk
    account = desk.account()
    bad = desk.request(account, "BUY", 3, client_order_id="bad", request_id="bad")
    requests = [desk.request(account, "BUY", 1), bad, desk.request(account, "BUY", 2)]
    with refusing(own_database, condition, table, at_commit=at_commit):
        outcomes = desk.place(requests, some_are_guilty=True)
    assert [o.status for o in outcomes] == ["FILLED", "", "FILLED"]
    assert (funds(account).margin, funds(account).version) == (D("30007.50"), 3)  # 3 × 2000.50 × 100 × 5 %
    assert ["refused by a test" in line for line in said(caplog)] == [True]
    assert_books_are_right()
    [again] = desk.place([bad])
    assert (again.status, again.replayed) == (OrderStatus.FILLED, False)
    assert_books_are_right()


def test_orders_of_one_account_around_the_guilty_one_see_each_other(own_database: OwnDatabase, committed_desk: Desk) -> None:
    # 20,020.00 are two lots' margin, fees and spread at most; the second of three is guilty, so the third finds the money that it would have taken.
    desk = committed_desk
    account = desk.account("20200")
    requests = [desk.request(account, "BUY", 1, client_order_id=name) for name in ("one", "bad", "three", "four")]
    requests += [desk.request(account, "SELL", quantity, effect=Effect.CLOSE, client_order_id=f"close-{quantity}") for quantity in (3, 2)]
    with refusing(own_database, BAD):
        outcomes = desk.place(requests, some_are_guilty=True)
    assert [(o.status, o.reason) for o in outcomes] == [
        ("FILLED", ""),
        ("", Reason.NOT_RECORDED),
        ("FILLED", ""),
        ("DENIED", Reason.INSUFFICIENT_FUNDS),
        ("DENIED", Reason.CLOSABLE_EXCEEDED),
        ("FILLED", ""),
    ]
    assert_books_are_right()


def test_a_number_too_large_for_its_column_takes_nobody_with_it(committed_desk: Desk) -> None:
    desk = committed_desk
    rich, neighbour = desk.account(), desk.account()
    overflow(desk, rich)
    before = funds(rich)
    closing = desk.request(rich, "SELL", TOO_MANY, effect=Effect.CLOSE)
    requests = [desk.request(neighbour, "BUY", 1), closing, desk.request(neighbour, "BUY", 1), replace(closing, client_order_id="again")]
    outcomes = desk.place(requests, some_are_guilty=True)
    assert [o.status for o in outcomes] == ["FILLED", "", "FILLED", ""]
    after = funds(rich)
    assert (after.version, after.balance, after.frozen) == (before.version, before.balance, before.frozen)
    assert_books_are_right()
    assert desk.close_long(rich, 1).status == OrderStatus.FILLED


def test_the_same_id_twice_beside_a_guilty_order_is_still_one_order(own_database: OwnDatabase, committed_desk: Desk) -> None:
    desk = committed_desk
    account = desk.account()
    twice = desk.request(account, "BUY", 1, client_order_id="twice")
    with refusing(own_database, BAD):
        requests = [twice, desk.request(account, "BUY", 1, client_order_id="bad"), twice, replace(twice, quantity=D(2))]
        outcomes = desk.place(requests, some_are_guilty=True)
    assert [(o.status, o.replayed, o.reason) for o in outcomes] == [
        ("FILLED", False, ""),
        ("", False, Reason.NOT_RECORDED),
        ("FILLED", True, ""),
        ("DENIED", False, Reason.DUPLICATE_ID),
    ]
    assert outcomes[0].order_id == outcomes[2].order_id
    assert_books_are_right()


def test_what_is_no_orders_fault_is_raised_for_all_and_nothing_moves(own_database: OwnDatabase, committed_desk: Desk) -> None:
    desk = committed_desk
    accounts = [desk.account() for _ in range(3)]
    requests = [desk.request(account, "BUY", 1) for account in accounts]
    with pytest.raises(NotFound):
        desk.place([*requests, desk.request(accounts[0], "BUY", 1, account_id=999_999)])
    with held(own_database, "accounts_account", accounts[1].pk), pytest.raises(LockTimeout):
        desk.place(requests)
    assert (Order.objects.count(), {funds(account).version for account in accounts}) == (0, {1})


def test_an_account_that_is_busy_only_later_keeps_its_own_orders_back(
    own_database: OwnDatabase, committed_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The first half is placed; then somebody holds the account of the second.
    desk = committed_desk
    first, second = desk.account(), desk.account()
    requests = [desk.request(first, "BUY", 1, client_order_id="ok"), desk.request(first, "BUY", 1, client_order_id="bad")]
    requests += [desk.request(second, "BUY", 1, client_order_id=f"late-{n}") for n in range(2)]
    holding = held(own_database, "accounts_account", second.pk)
    aside = placement._Batch.set_aside

    def set_aside(batch: placement._Batch, request: OrderRequest, error: Exception) -> None:
        aside(batch, request, error)
        holding.__enter__()

    monkeypatch.setattr(placement._Batch, "set_aside", set_aside)
    with refusing(own_database, BAD):
        outcomes = desk.place(requests, some_are_guilty=True)
    holding.__exit__(None, None, None)
    assert [o.status for o in outcomes] == ["FILLED", "", "", ""]
    assert {o.reason for o in outcomes[1:]} == {Reason.NOT_RECORDED}
    assert "busy" in outcomes[2].message
    assert [o.status for o in desk.place(requests[2:])] == ["FILLED", "FILLED"]
    assert_books_are_right()


def told(outcomes: Sequence[Outcome]) -> list[tuple]:
    return [(o.client_order_id, o.status, o.reason, o.quantity, o.filled_quantity, o.average_price, o.message, o.replayed) for o in outcomes]


def stands(accounts: Sequence[Account]) -> list[tuple]:
    rows = map(funds, accounts)
    return [(f.balance, f.frozen_margin, f.frozen_fee, f.margin, f.floating_loss, f.version) for f in rows]


def mixed(desk: Desk, accounts: Sequence[Account], random: Random, count: int) -> list[OrderRequest]:
    """Orders of every outcome: filled, in parts, resting, canceled, denied; some ids twice."""
    requests = []
    for number in range(count):
        limit = random.choice([None, None, "2001.00", "1990.00", "1999.995"])
        side, effect = random.choice(["BUY", "SELL"]), random.choice([Effect.OPEN, Effect.OPEN, Effect.CLOSE])
        name = f"id-{number}" if random.random() < 0.9 else f"id-{max(number - 2, 0)}"
        requests.append(desk.request(random.choice(accounts), side, random.randint(1, 4), limit, effect=effect, client_order_id=name))
    return requests


@pytest.mark.parametrize("seed", range(4))
def test_the_outcomes_are_those_of_the_batch_without_the_guilty_ones(own_database: OwnDatabase, seed: int) -> None:
    random = Random(seed)
    place = random.randrange(20)
    guilty = {place, *random.sample(range(20), random.choice([0, 1, 2, 6]))}
    left: dict[str, tuple] = {}
    for code in ("WITH", "WITHOUT"):
        desk, again = make_desk(market_code=code), Random(seed)
        desk.cap(2)
        accounts = [desk.account("60000") for _ in range(4)]
        requests = mixed(desk, accounts, again, 20)
        if code == "WITH":
            requests = [replace(r, client_order_id=f"bad-{n}") if n in guilty else r for n, r in enumerate(requests)]
        else:
            requests = [r for n, r in enumerate(requests) if n not in guilty]
        with refusing(own_database, BAD):
            outcomes = desk.place(requests, some_are_guilty=True)
        left[code] = (told([o for o in outcomes if o.reason != Reason.NOT_RECORDED]), stands(accounts))
    assert left["WITH"] == left["WITHOUT"]
    assert_books_are_right()
