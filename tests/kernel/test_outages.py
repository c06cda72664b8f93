"""Whose fault a failure of the database is, as PostgreSQL itself reports it, and as Django and psycopg do when it no longer can."""

import psycopg
import psycopg.errors
import pytest
from django.db import DataError, IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.db.utils import Error

from tradingdesk.kernel.outages import database_is_away, strikes_everyone

RAISE = "DO $$ BEGIN RAISE EXCEPTION 'as if' USING ERRCODE = '{}'; END $$"


def reported(code: str) -> Error:
    """What comes out of Django when PostgreSQL reports this SQLSTATE."""
    with pytest.raises(Error) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(RAISE.format(code))
    return caught.value


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["08006", "25006", "25P03", "40001", "40P01", "53100", "53200", "55P03", "57014", "57P01", "58030"])
def test_strikes_everyone(code: str) -> None:
    assert strikes_everyone(reported(code))


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["22003", "23503", "23505", "23514", "42501", "42883", "54000", "DK005", "P0001"])
def test_is_the_statements_own(code: str) -> None:
    assert not strikes_everyone(reported(code))


@pytest.mark.parametrize(
    ("error", "cause", "everyones", "away"),
    [
        (OperationalError(), psycopg.OperationalError("server closed the connection unexpectedly"), True, True),
        (InterfaceError("connection already closed"), None, True, True),
        (OperationalError(), psycopg.errors.PipelineAborted(), False, False),  # follows another statement's error
        (DataError(), psycopg.DataError("text cannot contain NUL"), False, False),
        (IntegrityError(), psycopg.errors.CheckViolation(), False, False),
        (OperationalError(), psycopg.errors.DiskFull(), True, False),
        (OperationalError(), psycopg.errors.AdminShutdown(), True, True),
        (ValueError(), None, False, False),
    ],
)
def test_errors_without_a_report(error: Exception, cause: Exception | None, everyones: bool, away: bool) -> None:
    error.__cause__ = cause
    assert (strikes_everyone(error), database_is_away(error)) == (everyones, away)
