"""Trading never stops for settlement: whoever is touched between the fixing of prices and the run is settled on touch, with the same result (DESIGN §8)."""

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from django.db import transaction

from accounts.exceptions import InsufficientFunds
from accounts.models import Account, AccountDay, Lot
from accounts.services.cash import post_cash
from accounts.services.days import settle_accounts
from accounts.services.states import lock_states
from orders.models import Order
from orders.services.cancellation import cancel_orders
from quotes.services import settlement_prices
from settlement.models import SettlementRun
from settlement.services.run import settle
from tests.factories.books import assert_books_are_right
from tests.factories.desk import MONDAY, Desk, make_desk

pytestmark = pytest.mark.django_db
SEEDS, SOAK_SEEDS = range(15), range(1000, 1300)
ACCOUNTS, ACTIONS = 4, 12
DAY_FIELDS = (
    "account_id",
    "trading_day",
    "opening_balance",
    "cash",
    "realised_pnl",
    "holding_pnl",
    "fees",
    "closing_balance",
    "frozen",
    "margin",
    "lots",
)
FUNDS_FIELDS = ("pk", "funds__balance", "funds__frozen_margin", "funds__frozen_fee", "funds__margin", "funds__floating_loss", "funds__version")

Action = tuple[Account, Callable[[], Any]]


def yesterday(desk: Desk, random: Random) -> list[Account]:
    """Accounts with lots of several prices on both sides, and orders that rest."""
    accounts = [desk.account("300000") for _ in range(ACCOUNTS)]
    for account in accounts:
        for _ in range(random.randint(0, 3)):
            price = Decimal(random.randint(198_000, 202_000)) / 100
            desk.quote(str(price), str(price + Decimal("0.50")))
            desk.place([desk.request(account, random.choice(["BUY", "SELL"]), random.randint(1, 3))])
        if random.random() < 0.5:
            desk.buy(account, 1, "1850.00")
    desk.quote("2005.00", "2005.50")
    return accounts


def planned(desk: Desk, accounts: list[Account], random: Random) -> list[Action]:
    """What clients do on the evening after: the same requests, with the same ids, whenever they are carried out."""
    actions: list[Action] = []
    for number in range(ACTIONS):
        account = random.choice(accounts)
        kind, side, quantity = random.choice(["market", "close", "limit", "cash", "cancel"]), random.choice(["BUY", "SELL"]), random.randint(1, 2)
        limit = {"limit": "1900.00" if side == "BUY" else "2100.00"}.get(kind)
        effect = {"close": "CLOSE"}.get(kind, "OPEN")
        request = desk.request(account, side, quantity, limit, effect=effect, client_order_id=f"evening-{number}")
        amount = Decimal(random.randint(-5000, 5000) or 1)
        act = {
            "cash": lambda account=account, amount=amount: post_cash(account.pk, amount, reason="Evening"),
            "cancel": lambda account=account: cancel_orders(
                list(Order.objects.filter(account=account, status="WORKING").values_list("pk", flat=True)[:1])
            ),
        }.get(kind, lambda request=request: desk.place([request]))
        actions.append((account, act))
    return actions


def prices_fixed(desk: Desk) -> None:
    """A run that has done its first step and no other."""
    SettlementRun.objects.create(market=desk.market, trading_day=MONDAY.date(), started_at=desk.at)
    settlement_prices.fix(desk.market.pk, MONDAY.date())


def carry_out(action: Action) -> None:
    with suppress(InsufficientFunds):  # a withdrawal of what is not there
        action[1]()


def books(desk: Desk) -> tuple[Any, ...]:
    """Everything that settlement and trading left, but for ids and the clock of the machine."""
    run = settle(desk.market.pk, MONDAY.date())
    assert all(proof.difference == 0 for proof in run.proofs.all())
    assert run.steps.get(name="PROOF").detail["unequal_accounts"] == []
    assert_books_are_right()
    lots = Lot.objects.order_by("account_id", "id").values_list("account_id", "side", "quantity", "basis_price", "margin", "trading_day")
    return (
        list(AccountDay.objects.order_by("account_id").values_list(*DAY_FIELDS)),
        list(Account.objects.order_by("pk").values_list(*FUNDS_FIELDS)),
        list(lots),
        list(Order.objects.order_by("account_id", "client_order_id").values_list("client_order_id", "status", "reason", "realised_pnl", "fees")),
    )


def undone(work: Callable[[], tuple[Any, ...]]) -> tuple[Any, ...]:
    """What `work` leaves; then it is as if it had never been."""
    before = transaction.savepoint()
    found = work()
    transaction.savepoint_rollback(before)
    return found


def check(seed: int) -> None:
    random = Random(seed)
    desk = make_desk(market_code=f"M{seed}")
    accounts = yesterday(desk, random)
    actions = planned(desk, accounts, random)
    stops = {random.randrange(ACTIONS): random.sample(accounts, 2) for _ in range(3)}

    def settled_first() -> tuple[Any, ...]:
        settle(desk.market.pk, MONDAY.date())
        for action in actions:
            carry_out(action)
        return books(desk)

    def interleaved() -> tuple[Any, ...]:
        prices_fixed(desk)
        for number, action in enumerate(actions):
            carry_out(action)
            settle_accounts([account.pk for account in stops.get(number, [])])
        return books(desk)

    with desk.now():
        assert undone(interleaved) == undone(settled_first)


def test_without_settling_on_touch_the_result_depends_on_who_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orders.services.placement.lock_settled_states", lock_states)
    with pytest.raises(AssertionError):
        list(map(check, SEEDS))


@pytest.mark.parametrize("seed", SEEDS)
def test_trading_between_the_prices_and_the_run_changes_nothing_of_the_settled_day(seed: int) -> None:
    check(seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", SOAK_SEEDS)
def test_the_same_in_many_interleavings(seed: int) -> None:
    check(seed)


def test_a_day_order_of_an_account_that_was_touched_is_not_in_its_snapshot(desk: Desk) -> None:
    account = desk.account("100000")
    desk.buy(account, 1, "1900.00", time_in_force="DAY")
    with desk.now():
        prices_fixed(desk)
        post_cash(account.pk, Decimal(1), reason="Touched")
        settle(desk.market.pk, MONDAY.date())
    assert AccountDay.objects.get(account=account).frozen == 0
