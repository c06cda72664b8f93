"""History is in the order of the changes, whoever hurries and whatever the clock does."""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import psycopg
import psycopg.errors
import pytest
from django.db import connection

from accounts.models import Account, RiskTier, User
from tests.conftest import OwnDatabase
from tests.factories.desk import Desk
from tests.kernel.histories import differences, linked_then, raw_update, versions
from tests.race.threads import together
from tradingdesk.kernel.history_guards import LINKS

ROUNDS = 20
LINK = "INSERT INTO accounts_account_agents (account_id, user_id) VALUES (%s, %s)"
POLLS = 200


def test_two_who_update_one_row_by_turns_leave_the_order_in_which_they_did(committed_desk: Desk) -> None:
    def raise_factor() -> None:
        for _ in range(ROUNDS):
            with connection.cursor() as cursor:
                cursor.execute("UPDATE accounts_risktier SET margin_factor = margin_factor + 1 WHERE id = %s", [committed_desk.tier.pk])

    assert together(committed_desk, raise_factor, raise_factor) == [None, None]
    told = versions(RiskTier, committed_desk.tier.pk)
    assert [version.margin_factor for version in told] == list(range(1, 2 * ROUNDS + 2))
    assert sorted(version.history_id for version in told) == [version.history_id for version in told]
    assert differences(committed_desk.tier) == {}


def wait_until_blocked_or_done(watcher: psycopg.Connection[Any], pid: int, statement: Future[Any]) -> None:
    """Until this backend waits for a lock, or its statement has ended."""
    for _ in range(POLLS):
        waits = watcher.execute("SELECT FROM pg_stat_activity WHERE pid = %s AND wait_event_type = 'Lock'", [pid]).fetchone()
        if waits is not None or statement.done():
            return
        watcher.execute("SELECT pg_sleep(0.02)")
    pytest.fail("neither blocked nor done")


@pytest.mark.parametrize("locked", [False, True])
def test_two_who_link_to_one_row_at_once_are_both_in_its_last_version(committed_desk: Desk, own_database: OwnDatabase, locked: bool) -> None:
    # Given an account, and (the negative control) a trigger that does not lock it
    account = committed_desk.account("0")
    first, second = (User.objects.create_user(name, password=None).pk for name in ("first", "second"))
    if not locked:
        with psycopg.connect(own_database.owner_url, autocommit=True) as owner:
            owner.execute(LINKS.replace("FOR NO KEY UPDATE", ""))
    # When a second link is made before the first is committed
    with (
        psycopg.connect(own_database.url) as one,
        psycopg.connect(own_database.url, autocommit=True) as other,
        psycopg.connect(own_database.url, autocommit=True) as watcher,
        ThreadPoolExecutor(1) as pool,
    ):
        one.execute(LINK, [account.pk, first])
        linking = pool.submit(other.execute, LINK, [account.pk, second])
        wait_until_blocked_or_done(watcher, other.info.backend_pid, linking)
        one.commit()
        linking.result(10)
    # Then the last version has both, where the row was locked, and forgets one where it was not
    last = linked_then(versions(Account, account.pk)[-1], Account._meta.get_field("agents"))
    assert last == ({first, second} if locked else {second})
    assert bool(differences(account)) is not locked


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_links_are_refused_where_a_transaction_could_not_see_the_others_links(committed_desk: Desk, own_database: OwnDatabase, level: str) -> None:
    account = committed_desk.account("0")
    with psycopg.connect(own_database.url) as other:
        other.execute(f"SET TRANSACTION ISOLATION LEVEL {level}")
        with pytest.raises(psycopg.DatabaseError, match="HISTORY_NEEDS_READ_COMMITTED") as refusal:
            other.execute(LINK, [account.pk, committed_desk.trader.pk])
    assert refusal.value.sqlstate == "DK007"
    assert not account.agents.exists()


def test_an_update_that_would_overwrite_an_unseen_one_is_refused_by_postgresql(committed_desk: Desk, own_database: OwnDatabase) -> None:
    """So no transaction writes history from a row it has not seen."""
    with psycopg.connect(own_database.url) as other:
        other.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        other.execute("SELECT FROM accounts_risktier")
        raw_update(committed_desk.tier, {"margin_factor": 2})
        with pytest.raises(psycopg.errors.SerializationFailure):
            other.execute("UPDATE accounts_risktier SET warning_level = 125")
    assert differences(committed_desk.tier) == {}


def test_a_clock_set_back_does_not_put_the_last_version_before_the_others(committed_desk: Desk, own_database: OwnDatabase) -> None:
    # Given a version that was written while the clock was an hour ahead
    tier = committed_desk.tier
    with psycopg.connect(own_database.owner_url) as owner:
        names = ", ".join(f.column for f in RiskTier.history.model._meta.concrete_fields if f.name not in {"history_id", "history_date"})
        owner.execute(
            f"INSERT INTO accounts_historicalrisktier (history_date, {names}) SELECT now() + interval '1 hour', {names} FROM accounts_historicalrisktier"
        )
    # When the row changes twice by the right clock
    raw_update(tier, {"margin_factor": 2})
    raw_update(tier, {"margin_factor": 3})
    # Then the versions stand in the order of the changes, at instants of their own
    told = versions(RiskTier, tier.pk)
    assert [version.margin_factor for version in told] == [1, 1, 2, 3]
    assert len({version.history_date for version in told}) == 4
    assert RiskTier.objects.get(pk=tier.pk).history.first().margin_factor == 3
