"""The same ticks give the same fills: in one call or in many, once or again, with or without a kill in the middle; orders are filled in parts by many ticks."""

from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from django.db import transaction

from accounts.models import Account, AccountFunds, Freeze, Lot
from orders.enums import Effect, OrderStatus
from orders.exceptions import EvaluationIncomplete
from orders.models import Fill, Order, OrderEvent
from orders.services import filling, resting
from quotes.domain.ticks import Tick
from quotes.selectors.streams import clean_ticks
from tests.conftest import OwnDatabase
from tests.factories.books import assert_books_are_right
from tests.factories.desk import Desk, make_desk
from tests.orders.trouble import Time, break_terms, held

SEEDS, SOAK_SEEDS = range(6), range(1000, 1100)
TICKS, ORDERS, ACCOUNTS = 14, 9, 3


class Killed(BaseException):
    """The process is gone at this instant."""


@pytest.fixture
def killed_after(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Ends the process when so many batches have been written, before the last of them is committed."""
    left = [-1]

    def notify(versions: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    monkeypatch.setattr(filling, "notify_accounts_on_commit", notify)
    return lambda batches: left.__setitem__(0, batches)


def evening(desk: Desk, random: Random) -> list[Tick]:
    """Capped orders of both effects and sides that rest, some filled in part already, and ticks that nobody has evaluated."""
    desk.market.listings.update(max_jump_rate=0)
    accounts = [desk.account("5000000") for _ in range(ACCOUNTS)]
    for account in accounts:
        desk.place([desk.request(account, side, 20) for side in ("BUY", "SELL")])
    desk.cap(random.choice([1, 2, 3, 7, None]))
    for _ in range(ORDERS):
        side, effect = random.choice(["BUY", "SELL"]), random.choice([Effect.OPEN, Effect.CLOSE])
        limit = Decimal(random.randint(199_000, 201_000)) / 100
        desk.place([desk.request(random.choice(accounts), side, random.randint(1, 12), str(limit), effect=effect, time_in_force="DAY")])
    for _ in range(TICKS):
        bid = Decimal(random.randint(198_900, 201_100)) / 100
        desk.quote(str(bid), str(bid + Decimal("0.50")), evaluate=False)
    return clean_ticks(desk.market.pk, desk.gold.pk, 1, TICKS + 1)


def evaluate(desk: Desk, ticks: list[Tick]) -> int:
    with desk.now():
        return resting.evaluate(desk.market.pk, desk.gold.pk, ticks, "test")


def books() -> tuple[Any, ...]:
    """Everything the stretch has left, but for ids and the clock of the machine."""
    assert_books_are_right()
    fills = Fill.objects.order_by("order_id", "quote_seq")
    return (
        list(
            fills.values_list(
                "order_id", "quote_seq", "quantity", "price", "fee", "realised_pnl", "captured_margin", "captured_fee", "account_version"
            )
        ),
        list(Order.objects.order_by("id").values_list("id", "status", "filled_quantity", "filled_value", "fees", "realised_pnl", "checked_seq")),
        list(Freeze.objects.order_by("order_id").values_list("order_id", "status", "captured_quantity", "captured_margin", "captured_fee")),
        list(Lot.objects.filter(quantity__gt=0).order_by("id").values_list("account_id", "side", "quantity", "open_price", "margin")),
        list(AccountFunds.objects.order_by("pk").values_list("pk", "balance", "frozen_margin", "frozen_fee", "margin", "version")),
    )


def undone(work: Callable[[], None]) -> tuple[Any, ...]:
    """What `work` leaves; then it is as if it had never been."""
    before = transaction.savepoint()
    work()
    found = books()
    transaction.savepoint_rollback(before)
    return found


def check(seed: int, kill: Callable[[int], None], monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(seed)
    desk = make_desk(market_code=f"S{seed}")
    ticks = evening(desk, random)
    cuts = sorted(random.sample(range(1, TICKS), 3))

    def one_by_one() -> None:
        for tick in ticks:
            evaluate(desk, [tick])

    def in_pieces_and_again() -> None:
        for begin, end in zip([0, *cuts], [*cuts, TICKS], strict=True):
            evaluate(desk, ticks[begin:end])
        assert evaluate(desk, ticks) == 0

    def killed_and_taken_over() -> None:
        kills = 0
        for batches in (1, 2, 2, 3, 1, 4):
            kill(batches)
            try:
                evaluate(desk, ticks)
            except Killed:
                kills += 1
        kill(-1)
        evaluate(desk, ticks)
        assert kills or not Fill.objects.filter(quote_seq__gt=1).exists()

    whole = undone(lambda: evaluate(desk, ticks) and None)
    assert undone(one_by_one) == whole
    assert undone(in_pieces_and_again) == whole
    monkeypatch.setattr(filling, "BATCH", random.choice([1, 2, 5]))
    assert undone(killed_and_taken_over) == whole


@pytest.mark.django_db
@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_ticks_give_the_same_fills(seed: int, killed_after: Callable[[int], None], monkeypatch: pytest.MonkeyPatch) -> None:
    check(seed, killed_after, monkeypatch)


@pytest.mark.soak
@pytest.mark.django_db
@pytest.mark.parametrize("seed", SOAK_SEEDS)
def test_the_same_in_many_stretches(seed: int, killed_after: Callable[[int], None], monkeypatch: pytest.MonkeyPatch) -> None:
    check(seed, killed_after, monkeypatch)


def resting_order(desk: Desk, account: Account, quantity: int) -> Order:
    """Filled with two lots of each tick at or below 1990.50."""
    desk.cap(2)
    return Order.objects.get(pk=desk.buy(account, quantity, "1990.50").order_id)


def fall(desk: Desk, *bids: str) -> list[Tick]:
    """Quotes these bids, and gives every tick there has been."""
    for bid in bids:
        desk.quote(bid, str(Decimal(bid) + Decimal("0.50")), evaluate=False)
    return clean_ticks(desk.market.pk, desk.gold.pk, 1, 1_000)


def seen(order: Order) -> list[int]:
    return list(Fill.objects.filter(order=order).order_by("id").values_list("quote_seq", flat=True))


def test_a_busy_account_gets_every_part_later_and_in_order(own_database: OwnDatabase, committed_desk: Desk) -> None:
    desk = committed_desk
    busy, free = desk.account(), desk.account()
    first, second, other = resting_order(desk, busy, 6), resting_order(desk, busy, 2), resting_order(desk, free, 6)
    ticks = fall(desk, "1990.00", "1989.00", "1988.00")
    with held(own_database, "accounts_account", busy.pk), pytest.raises(EvaluationIncomplete) as incomplete:
        evaluate(desk, ticks)
    assert incomplete.value.extra == {"accounts": [busy.pk], "filled": 3}
    assert (seen(first), seen(second), seen(other)) == ([], [], [2, 3, 4])
    assert evaluate(desk, ticks) == 4
    assert list(Fill.objects.filter(account=busy).order_by("id").values_list("order_id", "quote_seq")) == [
        (first.pk, 2),
        (second.pk, 2),
        (first.pk, 3),
        (first.pk, 4),
    ]
    assert_books_are_right()


def test_a_part_that_fails_holds_back_the_parts_after_it_and_no_other_order(committed_desk: Desk, time: Time) -> None:
    desk = committed_desk
    account = desk.account("200000")
    bad, good = resting_order(desk, account, 10), resting_order(desk, account, 10)
    terms = bad.terms
    ticks = fall(desk, "1990.00", "1989.00")
    break_terms(bad)
    assert evaluate(desk, ticks) == 2
    assert (seen(bad), seen(good)) == ([], [2, 3])
    Order.objects.filter(pk=bad.pk).update(terms=terms)
    time.now += 1
    # first what it was owed when it failed, then the ticks since, read back
    later = fall(desk, "1988.00")[-1:]
    assert evaluate(desk, later) == 2
    assert not Order.objects.get(pk=bad.pk).taken_up
    assert evaluate(desk, []) == 2
    assert (seen(bad), seen(good)) == ([2, 3, 4], [2, 3, 4])
    assert Order.objects.get(pk=bad.pk).taken_up
    assert_books_are_right()


def test_a_part_that_fails_after_others_keeps_what_they_did(committed_desk: Desk, time: Time) -> None:
    desk = committed_desk
    order = resting_order(desk, desk.account(), 10)
    evaluate(desk, fall(desk, "1990.00"))
    terms = order.terms
    break_terms(order)
    stretch = fall(desk, "1989.00", "1988.00")
    assert evaluate(desk, stretch) == 0
    Order.objects.filter(pk=order.pk).update(terms=terms)
    time.now += 1
    assert evaluate(desk, []) == 1
    assert evaluate(desk, []) == 1
    assert (seen(order), Order.objects.get(pk=order.pk).status) == ([2, 3, 4], OrderStatus.PARTIALLY_FILLED)
    assert OrderEvent.objects.filter(order=order, step="FILLED").count() == 3
    assert_books_are_right()


def test_a_stretch_is_evaluated_with_one_cap_throughout(committed_desk: Desk) -> None:
    desk = committed_desk
    order = resting_order(desk, desk.account(), 10)
    evaluate(desk, fall(desk, "1990.00"))
    desk.cap(5)
    evaluate(desk, fall(desk, "1989.00", "1988.00"))
    assert list(Fill.objects.filter(order=order).order_by("id").values_list("quantity", flat=True)) == [2, 5, 3]
