"""Commands on the books in processes of their own, told and asked through files: what was written there before a SIGKILL stays."""

import os
import time
from decimal import Decimal
from random import Random
from typing import Any
from uuid import uuid4

from django.db import Error, connection


def clerk(*, accounts: list[int], record: str, seed: int) -> None:
    """Pays cash in and out for ever; every movement is noted before it is asked for, and when it is answered."""
    from accounts.services.cash import post_cash
    from tradingdesk.kernel.errors import DeskError

    notes, random = os.open(record, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), Random(f"{seed}{time.monotonic()}")
    while True:
        account, cents, asked = random.choice(accounts), random.randint(-50_000, 100_000) or 1, uuid4().hex
        _note(notes, f"asked {asked} {account} {cents}")
        try:
            post_cash(account, Decimal(cents) / 100, reason="Cash while machines die", request_id=asked)
            _note(notes, f"done {asked}")
        except DeskError:
            _note(notes, f"refused {asked}")
        except Error:
            connection.close()
        time.sleep(0.02)


def _note(descriptor: int, line: str) -> None:
    os.write(descriptor, f"{line}\n".encode())


def place(**order: Any) -> None:
    """One order, its numbers as text."""
    from orders.domain.order import OrderRequest
    from orders.services.placement import place_orders

    numbers = {name: Decimal(order[name]) if order[name] else None for name in ("quantity", "limit_price")}
    [outcome] = place_orders([OrderRequest(**{**order, **numbers})])
    print(outcome.status, outcome.reason, flush=True)


def cancel(*, order_id: int) -> None:
    """A resting order."""
    from orders.services.cancellation import cancel_orders

    cancel_orders([order_id])


def cash(*, account_id: int, amount: str, asked: str) -> None:
    """One movement of cash, unless it was booked before."""
    from accounts.models import Journal
    from accounts.services.cash import post_cash

    if not Journal.objects.filter(request_id=asked).exists():
        post_cash(account_id, Decimal(amount), reason="Cash while machines die", request_id=asked)


def evaluate(*, market_id: int, instrument_id: int) -> None:
    """What the market process does with ticks that were recorded and not seen yet."""
    from orders.services.resting import evaluate as evaluate_ticks
    from quotes.domain.dealing import STORED
    from quotes.selectors.streams import clean_ticks, standing
    from quotes.services.ticks import mark_evaluated

    stands = standing(market_id, instrument_id)
    evaluate_ticks(market_id, instrument_id, clean_ticks(market_id, instrument_id, stands.evaluated_seq, stands.last_seq), STORED)
    mark_evaluated(market_id, instrument_id, stands.last_seq)


def settle(*, market_id: int, day: str | None = None) -> None:
    """That day, or the next that is over."""
    from datetime import date

    from settlement.services.run import settle as settle_day

    settle_day(market_id, date.fromisoformat(day) if day else None)
