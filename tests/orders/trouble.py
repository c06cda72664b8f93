"""Accounts that somebody else holds, orders that nobody can fill, pauses that the test ends."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from orders.models import Order
from tests.conftest import OwnDatabase


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
