"""Who leads a stream: taken under its lock, by whoever still has the right to; recorded, shared and marked by its epoch alone."""

from typing import Any

import psycopg
import pytest
from django.db import transaction

from quotes.locks import NotLeading, StreamBusy, share_lead
from quotes.models import LatestQuote
from quotes.services.ticks import mark_evaluated, record, take_lead
from tests.quotes.desk import gold_market, tick
from tradingdesk.kernel.errors import NotFound
from tradingdesk.kernel.session_locks import LockLost


def test_each_lead_ends_the_one_before(db: None) -> None:
    gold = gold_market()
    first = take_lead(gold.market, gold.instrument)
    second = take_lead(gold.market, gold.instrument)
    record(gold.market, gold.instrument, [tick(0, "1300")], "test", leader_epoch=second)
    with pytest.raises(NotLeading) as refused:
        mark_evaluated(gold.market, gold.instrument, 1, leader_epoch=first)
    assert (refused.value.extra["epoch"], refused.value.extra["newest"]) == (first, second)
    assert LatestQuote.objects.get().evaluated_seq == 0
    mark_evaluated(gold.market, gold.instrument, 1, leader_epoch=second)
    assert LatestQuote.objects.get().evaluated_seq == 1


def test_without_the_right_to_lead_nothing_changes(db: None) -> None:
    gold = gold_market()
    epoch = take_lead(gold.market, gold.instrument)

    def gone() -> None:
        raise LockLost("The lock is held no longer.")

    with pytest.raises(LockLost):
        take_lead(gold.market, gold.instrument, gone)
    assert LatestQuote.objects.get().leader_epoch == epoch


def test_the_right_to_lead_is_asked_for_under_the_streams_lock(own_database: Any) -> None:
    gold = gold_market()
    take_lead(gold.market, gold.instrument)
    seen = []

    def is_locked() -> None:
        with psycopg.connect(own_database.url) as other:
            seen.append(other.execute("SELECT count(*) FROM (SELECT 1 FROM quotes_latestquote FOR SHARE SKIP LOCKED) free").fetchone())

    take_lead(gold.market, gold.instrument, is_locked)
    assert seen == [(0,)]


def test_what_is_not_listed_cannot_be_led(db: None) -> None:
    gold = gold_market()
    with pytest.raises(NotFound):
        take_lead(gold.market, gold.instrument + 1)


def test_a_shared_lead_is_not_taken_until_its_transaction_ends_and_others_may_share_it(own_database: Any) -> None:
    gold = gold_market()
    epoch = take_lead(gold.market, gold.instrument)
    with psycopg.connect(own_database.url) as other:
        with transaction.atomic():
            share_lead(gold.market, gold.instrument, epoch)
            other.execute("SELECT 1 FROM quotes_latestquote FOR SHARE NOWAIT")
            other.rollback()
            with pytest.raises(psycopg.errors.LockNotAvailable):
                other.execute("SELECT 1 FROM quotes_latestquote FOR NO KEY UPDATE NOWAIT")
            other.rollback()
        other.execute("SELECT 1 FROM quotes_latestquote FOR NO KEY UPDATE NOWAIT")
        with pytest.raises(StreamBusy), transaction.atomic():
            share_lead(gold.market, gold.instrument, epoch)


def test_a_former_leader_shares_nothing_and_without_an_epoch_nobody_asks(own_database: Any) -> None:
    gold = gold_market()
    epoch = take_lead(gold.market, gold.instrument)
    take_lead(gold.market, gold.instrument)
    with pytest.raises(NotLeading), transaction.atomic():
        share_lead(gold.market, gold.instrument, epoch)
    share_lead(gold.market, gold.instrument, None)
