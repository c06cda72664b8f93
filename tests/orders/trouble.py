"""Accounts that somebody else holds, orders that nobody can fill or write down, pauses that the test ends."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from accounts.models import Account
from orders.models import Order
from quotes.models import FeeSchedule, Instrument, MarginSchedule
from tests.conftest import OwnDatabase
from tests.factories.desk import Desk

TOO_MANY = 9 * 10**15  # lots


class Time:
    """Stands where pauses are measured."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def held(database: OwnDatabase, table: str, pk: int) -> Iterator[None]:
    """Somebody else's transaction holds the row."""
    with psycopg.connect(database.url) as other:
        other.execute(f"SELECT 1 FROM {table} WHERE id = %s FOR NO KEY UPDATE", [pk])
        yield
        other.rollback()


def break_terms(one: Order) -> None:
    """Nobody can fill an order whose terms cannot be read."""
    Order.objects.filter(pk=one.pk).update(terms={})


@contextmanager
def refusing(database: OwnDatabase, condition: str, table: str = "orders_order", *, at_commit: bool = False) -> Iterator[None]:
    """PostgreSQL refuses rows of the table for which the condition on NEW holds, until the block ends."""
    kind = "CONSTRAINT TRIGGER refuse AFTER" if at_commit else "TRIGGER refuse BEFORE"
    deferred = "DEFERRABLE INITIALLY DEFERRED" if at_commit else ""
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute(  # type: ignore[call-overload]
            f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {condition} THEN"
            " RAISE EXCEPTION 'refused by a test' USING ERRCODE = 'DK099'; END IF; RETURN NEW; END $$"
        )
        owner.execute(f"CREATE {kind} INSERT ON {table} {deferred} FOR EACH ROW EXECUTE FUNCTION refuse()")  # type: ignore[call-overload]
        try:
            yield
        finally:
            owner.execute("DROP FUNCTION refuse() CASCADE")


def overflow(desk: Desk, account: Account) -> None:
    """The account holds lots whose profit has more digits than any column of money: closing all of them is refused by PostgreSQL, and by nobody before."""
    MarginSchedule.objects.filter(instrument=desk.gold).update(rate=0)
    FeeSchedule.objects.filter(instrument=desk.gold).update(open_per_lot=0, close_per_lot=0, close_today_per_lot=0)
    Instrument.objects.filter(pk=desk.gold.pk).update(max_order_quantity=None)
    desk.buy(account, TOO_MANY)
    # (2020.00 − 2000.50) × 100 × 9 × 10^15 = 1.755 × 10^19; a column holds less than 10^18
    desk.quote("2020.00", "2020.50")
