"""Everybody at once: eight threads, all six commands at random, three accounts, days that end meanwhile."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from itertools import count
from random import Random
from threading import Lock
from typing import Any

import pytest
from django.db import connection

from accounts.exceptions import InsufficientFunds
from accounts.models import Account, AccountDay
from accounts.services.cash import post_cash
from orders.enums import Effect, OrderStatus, Side, TimeInForce
from orders.exceptions import EvaluationIncomplete
from orders.models import Fill, Order
from orders.services import resting
from orders.services.cancellation import cancel_orders
from orders.services.placement import place_orders
from quotes.domain.ticks import Tick
from quotes.models import Listing
from quotes.selectors.streams import clean_ticks, standing
from quotes.services.ticks import mark_evaluated, record
from settlement.exceptions import DayNotSettleable, SettlementRunning
from settlement.services.run import settle
from tests.factories.books import assert_books_are_right
from tests.factories.desk import Desk
from tests.race.threads import together
from tradingdesk.kernel import clock

THREADS, COMMANDS = 8, 200
SOAK_SECONDS = 600
HOURS_PER_TICK = 1 / 6
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


class Crowd:
    """What the threads share: the desk, its accounts, a clock that the ticks move on. Ticks have one writer at a time, as the market process sees to."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        Listing.objects.filter(market=desk.market).update(max_quote_age_seconds=3600)  # the clock moves on while a quote is on its way
        desk.cap(1)
        self.accounts = [desk.account("60000") for _ in range(3)]
        self.done: Counter[str] = Counter()
        self._one_market_process = Lock()
        self._ids = count(1)

    def act(self, random: Random) -> None:
        """One command of one of the kinds, at the desk's time; refusals are answers."""
        kinds: list[Callable[[Random, Account], Any]] = [self.place, self.tick, self.cancel, self.close, self.cash, self.settle]
        kind = random.choice(kinds)
        with clock.fixed(self.desk.at), suppress(InsufficientFunds):
            kind(random, random.choice(self.accounts))
            self.done[kind.__name__] += 1

    def place(self, random: Random, account: Account) -> None:
        limit = random.choice([None, Decimal(random.randint(1960, 2040))])
        fields = {"time_in_force": random.choice(list(TimeInForce))} if limit else {}
        self._place(account, random.choice(list(Side)), random.randint(1, 3), limit, **fields)

    def close(self, random: Random, account: Account) -> None:
        self._place(account, random.choice(list(Side)), 1, random.choice([None, Decimal(2000)]), effect=Effect.CLOSE)

    def cancel(self, random: Random, account: Account) -> None:
        waiting = Order.objects.filter(account=account, status__in=[OrderStatus.WORKING, OrderStatus.PARTIALLY_FILLED]).values_list("pk", flat=True)
        cancel_orders(list(waiting[: random.randint(1, 2)]))

    def cash(self, random: Random, account: Account) -> None:
        post_cash(account.pk, Decimal(random.choice([-9000, -500, 700, 6000])), reason="Stress")

    def settle(self, random: Random, account: Account) -> None:
        with suppress(SettlementRunning, DayNotSettleable):
            settle(self.desk.market.pk)

    def tick(self, random: Random, account: Account) -> None:
        with self._one_market_process:
            self.desk.at += timedelta(hours=HOURS_PER_TICK)
            bid = Decimal(random.randint(19_700, 20_300)) / 10
            with clock.fixed(self.desk.at):
                self._see(Tick(0, self.desk.at, bid, bid + Decimal("0.50")))

    def _see(self, tick: Tick) -> None:
        # As the market process does it: every tick once, in order, and again from where an evaluation did not get through.
        market, gold = self.desk.market.pk, self.desk.gold.pk
        record(market, gold, [tick], "test")
        stands = standing(market, gold)
        with suppress(EvaluationIncomplete):
            resting.evaluate(market, gold, clean_ticks(market, gold, stands.evaluated_seq, stands.last_seq), "test")
            mark_evaluated(market, gold, stands.last_seq)

    def _place(self, account: Account, side: Side, quantity: int, limit: Decimal | None, **fields: Any) -> None:
        own = {"client_order_id": f"stress-{next(self._ids)}", **fields}
        [outcome] = place_orders([self.desk.request(account, side, quantity, str(limit) if limit else None, **own)])
        assert outcome.is_recorded, outcome


def crowded(desk: Desk, seed: int, commands: int) -> Counter[str]:
    crowd = Crowd(desk)

    def one(number: int) -> None:
        random = Random(f"{seed}-{number}")
        for _ in range(commands):
            crowd.act(random)

    results = together(desk, *(lambda number=number: one(number) for number in range(THREADS)), seconds=SOAK_SECONDS)
    assert results == [None] * THREADS
    return crowd.done


def deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute(DEADLOCKS)
        return cursor.fetchone()[0]


def check(desk: Desk, caplog: pytest.LogCaptureFixture, seed: int, commands: int) -> None:
    done = crowded(desk, seed, commands)
    assert all(done[kind] for kind in ("place", "tick", "cancel", "close", "cash", "settle")), done
    assert deadlocks() == 0
    assert_books_are_right()
    assert "an order cannot be filled" not in caplog.text
    assert Fill.objects.exists()
    assert AccountDay.objects.exists()
    assert not Order.objects.filter(status__in=[OrderStatus.PLACED, OrderStatus.FROZEN]).exists()


def test_eight_at_once_leave_right_books(committed_desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    check(committed_desk, caplog, 1, 12)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5))
def test_eight_at_once_leave_right_books_after_long(committed_desk: Desk, caplog: pytest.LogCaptureFixture, seed: int) -> None:
    check(committed_desk, caplog, seed, COMMANDS)
