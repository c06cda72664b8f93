"""Rows with a history: one of each model, another like it, a change to it; and what their history says, compared with the live rows."""

import copy
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Model
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule

from accounts.models import Account, RiskTier, User
from quotes.models import FeeSchedule, Holiday, Instrument, Listing, MarginSchedule, Market, SessionCalendar, SessionWindow
from tests.factories.desk import Desk
from tests.factories.jobs import make_jobs
from tradingdesk.desk.models import SCHEDULES
from tradingdesk.kernel import sql
from tradingdesk.kernel.history import history_of

LATER = date(2031, 5, 6)

# What makes another row of the same kind, and a change that every rule allows. A model that is new to history belongs in both.
ANOTHER: dict[type[Model], dict[str, Any]] = {
    Account: {"number": "OTHER"},
    FeeSchedule: {"effective_from": LATER},
    Holiday: {"day": LATER},
    Instrument: {"symbol": "OTHER"},
    Listing: {},
    MarginSchedule: {"effective_from": LATER},
    Market: {"code": "OTHER"},
    RiskTier: {"name": "Other"},
    SessionCalendar: {"code": "OTHER"},
    SessionWindow: {"opens_at": time(1)},
    User: {"username": "other"},
    PeriodicTask: {"name": "Another job"},
    **{schedule: {} for schedule in SCHEDULES},
    SolarSchedule: {"longitude": Decimal("7.5")},
}
CHANGE: dict[type[Model], dict[str, Any]] = {
    Account: {"name": "Changed"},
    FeeSchedule: {"open_per_lot": Decimal("7.25")},
    Holiday: {"name": "Changed"},
    Instrument: {"name": "Changed"},
    Listing: {"max_quote_age_seconds": 77},
    MarginSchedule: {"per_lot": Decimal("7.25")},
    Market: {"feed_options": {"speed": "2.50", "names": ["a", None]}},
    RiskTier: {"margin_factor": Decimal("1.25")},
    SessionCalendar: {"rolls_at": time(18, 30)},
    SessionWindow: {"closes_at": time(2)},
    User: {"first_name": "Changed"},
    PeriodicTask: {"enabled": False, "description": "Changed"},
    ClockedSchedule: {"clocked_time": datetime(2032, 1, 1, tzinfo=UTC)},
    CrontabSchedule: {"minute": "11"},
    IntervalSchedule: {"every": 11},
    SolarSchedule: {"latitude": Decimal("1.25")},
}


def row_of(model: type[Model], desk: Desk) -> Any:
    """The row of this desk's that the tests change."""
    Holiday.objects.get_or_create(calendar=desk.calendar, day=date(2030, 12, 25), defaults={"name": "Christmas"})
    if model is Account:
        return desk.account("0")
    if model._meta.app_label == PeriodicTask._meta.app_label:
        make_jobs()
    return model._default_manager.order_by("pk").last()


def another(row: Any) -> Any:
    """A row like this one, not yet written."""
    new = copy.copy(row)
    new.pk, new._state = None, type(row._state)()
    for name, value in ANOTHER[type(row)].items():
        setattr(new, name, value)
    if isinstance(row, Listing):
        instrument = another(row.instrument)
        instrument.save()
        new.instrument = instrument
    return new


def columns(row: Any) -> dict[str, Any]:
    """A row as {column: value}, without its key; as `kernel.sql.insert` takes it."""
    fields = [f for f in row._meta.concrete_fields if not f.primary_key]
    return {f.column: getattr(row, f.attname) for f in fields}


def raw_update(row: Any, values: dict[str, Any]) -> None:
    """UPDATE by hand."""
    meta = row._meta
    assignments = ", ".join(f"{meta.get_field(name).column} = %s" for name in values)
    given = [meta.get_field(name).get_db_prep_save(value, connection) for name, value in values.items()]
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {meta.db_table} SET {assignments} WHERE {meta.pk.column} = %s", [*given, row.pk])


def raw_insert(row: Any) -> None:
    """INSERT by hand, as set-based services write."""
    sql.insert(type(row), [columns(row)])


def raw_delete(row: Any) -> None:
    """DELETE by hand."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {row._meta.db_table} WHERE {row._meta.pk.column} = %s", [row.pk])


def versions(model: type[Model], key: int) -> list[Any]:
    """The history rows of one key, oldest first."""
    history = history_of(model)
    return list(history._default_manager.filter(**{model._meta.pk.attname: key}).order_by("history_date", "history_id"))


def kept(model: type[Model]) -> list[str]:
    """The attributes that live rows and history rows share."""
    return [f.attname for f in history_of(model).tracked_fields]


def linked(row: Any, name: str) -> set[int]:
    """Keys at the other end of a live row's links."""
    return set(getattr(row, name).values_list("pk", flat=True))


def linked_then(version: Any, field: Any) -> set[int]:
    """The same of a history row."""
    return set(getattr(version, field.name).values_list(field.m2m_reverse_name(), flat=True))


def differences(row: Any) -> dict[str, tuple[Any, Any]]:
    """{field: (live, last history)} where they differ; every field where there is no history at all."""
    model = type(row)
    live, last = model._default_manager.get(pk=row.pk), (versions(model, row.pk) or [None])[-1]
    found = {name: (getattr(live, name), getattr(last, name, "no history")) for name in kept(model)}
    for field in history_of(model)._history_m2m_fields:
        found[field.name] = (linked(live, field.name), linked_then(last, field) if last else set())
    return {name: pair for name, pair in found.items() if pair[0] != pair[1]}
