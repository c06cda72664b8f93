"""PostgreSQL and Redis go away under a running desk and come back: everybody is told, nobody is restarted, nothing is lost."""

import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any

import pytest
import redis
from celery import Celery

from orders.enums import OrderStatus
from orders.models import Order
from settlement.models import SettlementRun
from tests.crash.campaign import signed_in
from tests.crash.checks import wrong_books
from tests.crash.desk import CrashDesk, crash_desk, send
from tests.crash.machines import Machine, until
from tests.crash.traders import Trader
from tradingdesk.local import processes

PIECES = ("web", "worker", "market")


@pytest.fixture
def desk(crash_machine: Machine, django_db_blocker: Any) -> Iterator[CrashDesk]:
    """Running."""
    with django_db_blocker.unblock(), crash_desk(crash_machine, accounts=4) as made:
        for name in PIECES:
            made.start(name)
        until(made.is_answering, what="the web process")
        until(lambda: made.standing().last_seq > 5, what="the first ticks")
        yield made


@pytest.fixture
def trader(desk: CrashDesk) -> Trader:
    """Asks when it is told to; no thread of its own runs."""
    books = desk.books
    return Trader(desk.port, signed_in(desk), [a.number for a in desk.accounts], books.gold.symbol, books.market.code, 7)


@contextmanager
def postgresql_away(desk: CrashDesk) -> Iterator[None]:
    """Stopped in order, and not started again before the block ends: its keeper stands still."""
    state = desk.machine.cluster.state()
    keeper, postmaster = int(str(state["keeper"])), int(str(state["postgres"]))
    send(keeper, signal.SIGSTOP)
    send(postmaster, signal.SIGINT)
    try:
        until(lambda: not processes.is_alive(postmaster), what="the end of PostgreSQL")
        yield
    finally:
        send(keeper, signal.SIGCONT)
    until(lambda: desk.machine.cluster.state().get("postgres") not in {None, postmaster}, what="PostgreSQL")


def deals(trader: Trader, number: int = 5) -> None:
    """So many orders, each answered."""
    for _ in range(number):
        trader.deal()
        assert trader.unanswered == []
    assert trader.faults == []


def everything_goes_on(desk: CrashDesk, trader: Trader, pids: dict[str, int]) -> None:
    """The same processes deal, quote and settle."""
    seen, settled = desk.standing().evaluated_seq, SettlementRun.objects.filter(status="DONE").count()
    until(lambda: not trader.unanswered or trader.ask_again(), what="an answer to what was asked meanwhile")
    deals(trader)
    until(lambda: desk.standing().evaluated_seq > seen + 20, what="ticks")
    beaten(desk, lambda: SettlementRun.objects.filter(status="DONE").count() > settled)
    assert {name: desk.running[name].pid for name in PIECES if desk.running[name].is_running} == pids
    assert wrong_books(desk.market_id) == {}


def beaten(desk: CrashDesk, is_done: Any) -> None:
    """The worker is sent settlements until it has done one."""
    app = Celery(broker=desk.machine.redis.url())

    def sent() -> bool:
        app.send_task("settlement.tasks.settle_due_markets", queue="settlement", expires=5)
        time.sleep(0.2)
        return bool(is_done())

    until(sent, what="a settlement")


def test_postgresql_restarted_in_the_middle_of_a_day(desk: CrashDesk, trader: Trader) -> None:
    pids = {name: desk.running[name].pid for name in PIECES}
    deals(trader)
    epoch, orders = desk.standing().leader_epoch, Order.objects.count()
    with postgresql_away(desk):
        for method, path in (("GET", "orders/"), ("GET", f"accounts/{desk.accounts[0].number}/"), ("POST", "orders/"), ("POST", "orders/1/cancel/")):
            status, body = trader.exchange(method, path, trader.ticket().body if method == "POST" else None)
            assert (status, body["code"], set(body)) == (503, "DATABASE_UNAVAILABLE", {"code", "message", "extra"}), (method, path)
        trader.deal()
        assert len(trader.unanswered) == 1
        assert trader.tickets[-1].outcome is None
        assert page_status(desk, trader) == 503
    everything_goes_on(desk, trader, pids)
    assert trader.tickets[-1].outcome is not None
    assert Order.objects.count() >= orders + 1
    assert desk.standing().leader_epoch > epoch  # the lock was lost with its connection, and taken again


def page_status(desk: CrashDesk, trader: Trader) -> int:
    """Of a page for people."""
    web = HTTPConnection("127.0.0.1", desk.port, timeout=10)
    web.request("GET", f"/trade/{desk.accounts[0].number}/", headers={"Cookie": trader.cookie})
    response = web.getresponse()
    assert "html" in response.headers["Content-Type"]
    return response.status


def test_redis_killed_and_empty_again_costs_no_order_no_money_and_no_settlement(desk: CrashDesk, trader: Trader) -> None:
    pids = {name: desk.running[name].pid for name in PIECES}
    deals(trader)
    desk.machine.kill_redis()
    try:
        deals(trader)
        trader.rest()
        seen = desk.standing().evaluated_seq
        until(lambda: desk.standing().evaluated_seq > seen + 20, what="ticks without Redis")
    finally:
        desk.machine.start_redis()
    everything_goes_on(desk, trader, pids)
    assert Order.objects.count() == len(trader.tickets)


def test_hints_go_out_again_once_redis_is_back(desk: CrashDesk, trader: Trader) -> None:
    deals(trader, 1)
    desk.machine.kill_redis()
    deals(trader, 1)
    desk.machine.start_redis()
    with redis.Redis.from_url(desk.machine.redis.url()) as client, client.pubsub() as heard:
        heard.subscribe(f"desk:market:{desk.market_id}", *[f"desk:account:{account.pk}" for account in desk.accounts])
        frames = []

        def both_kinds() -> bool:
            trader.deal()
            while message := heard.get_message(timeout=0.1):
                if message["type"] == "message":
                    frames.append(json.loads(message["data"])["type"])
            return {"tick", "account"} <= set(frames)

        until(both_kinds, what="a tick and an account's change")


def test_resting_orders_are_found_though_every_hint_was_lost(desk: CrashDesk, trader: Trader) -> None:
    """Nobody but the table tells the market process of them."""
    desk.machine.kill_redis()
    try:
        trader.look()
        for _ in range(10):
            trader.rest()
        until(lambda: not Order.objects.filter(status=OrderStatus.WORKING, taken_up=False).exists(), what="new orders to be taken up")
        seen = desk.standing().evaluated_seq
        until(lambda: desk.standing().evaluated_seq > seen + 20, what="ticks without Redis")
        assert trader.faults == []
        assert wrong_books(desk.market_id) == {}
    finally:
        desk.machine.start_redis()
