"""History of what people configure: the last history row equals the live row, always, whoever wrote it and however (DESIGN §10).

PostgreSQL writes every history row, by the triggers of `kernel.history_guards`, in the statement that changes the row: a save, a set-based write and raw SQL
are the same to it, and no row can be had without its history. django-simple-history gives the tables, their queries and their pages; its own signals are off
(SIMPLE_HISTORY_ENABLED). A write that changes nothing leaves no row; each statement that changes a row leaves one.

Who, why and on which request come from `kernel.attribution`: before a write to a historied table Django's connection tells PostgreSQL, for this transaction
alone. That is the desk's own word, and psql may give it too (`SET desk.actor`, `desk.reason`, `desk.request_id`). The database role and the application's
name on every row are PostgreSQL's.
"""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any, ClassVar

from django.apps import apps
from django.conf import settings
from django.db import models, transaction
from simple_history.models import HistoricalRecords

from tradingdesk.kernel.attribution import NOBODY, current
from tradingdesk.kernel.models import AppendOnlyModel

TELL = "SELECT set_config('desk.actor', %s, true), set_config('desk.reason', %s, true), set_config('desk.request_id', %s, true)"
WRITES = re.compile(
    r'\s*(?:WITH\b.*?)?\b(?:INSERT\s+INTO|UPDATE(?:\s+ONLY)?|DELETE\s+FROM|MERGE\s+INTO)\s+(?:public\.)?"?(\w+)', re.IGNORECASE | re.DOTALL
)


class WrittenByDatabase(AppendOnlyModel):
    """Rows that PostgreSQL's own triggers write: desk_app may read them, and nothing else."""

    written_by_database: ClassVar[bool] = True

    class Meta:
        abstract = True


class HistoryRow(WrittenByDatabase):
    """One version of a row. `history_user` and `history_change_reason` are simple-history's own names for who and why."""

    history_request_id = models.CharField("request", max_length=64, default="", blank=True)
    history_role = models.CharField("database role", max_length=63, default="", blank=True)
    history_application = models.CharField("application", max_length=63, default="", blank=True)

    class Meta:
        abstract = True

    @property
    def request(self) -> str:
        """Whose log lines, orders and journals carry the same id."""
        return self.history_request_id

    @property
    def origin(self) -> str:
        """What PostgreSQL knows of the writer: its role and the application it called itself."""
        return " · ".join(filter(None, (self.history_role, self.history_application)))


class History(HistoricalRecords):
    """`history = History()` on a model that people configure. `noted_fields`: a change of them makes a row, their values are not kept."""

    def __init__(self, *, excluded_fields: tuple[str, ...] = (), noted_fields: tuple[str, ...] = (), m2m_fields: tuple[Any, ...] = ()) -> None:
        self.noted_fields = noted_fields
        super().__init__(
            bases=(HistoryRow,),
            m2m_bases=(WrittenByDatabase,),
            excluded_fields=[*excluded_fields, *noted_fields],
            m2m_fields=m2m_fields,
            history_change_reason_field=models.TextField(null=True),
        )

    def get_extra_fields(self, model: type[models.Model], fields: dict[str, Any]) -> dict[str, Any]:
        """Who did it stays known: a person who changed something cannot be deleted."""
        who = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, related_name="+", on_delete=models.PROTECT)
        return {**super().get_extra_fields(model, fields), "history_user": who, "noted_fields": self.noted_fields}


def historied_models() -> list[type[models.Model]]:
    """Every model with a history, by name of its table."""
    historied = (model for model in apps.get_models() if hasattr(model._meta, "simple_history_manager_attribute"))
    return sorted(historied, key=lambda model: model._meta.db_table)


def history_of(model: type[models.Model]) -> Any:
    """The model of its history rows."""
    return model.history.model  # type: ignore[attr-defined]


@cache
def historied_tables() -> frozenset[str]:
    """The tables of all of them, and of their many-to-many fields."""
    links = (field.remote_field.through for model in historied_models() for field in history_of(model)._history_m2m_fields)
    return frozenset(model._meta.db_table for model in [*historied_models(), *links])


def tell_history(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Django's execute wrapper: a write to a historied table is attributed in its own transaction; every other statement passes."""
    if not _is_historied_write(sql):
        return execute(sql, params, many, context)
    connection = context["connection"]
    alone = connection.get_autocommit()
    if alone and current() is NOBODY:
        return execute(sql, params, many, context)
    scope: AbstractContextManager[Any] = transaction.atomic(using=connection.alias) if alone else nullcontext()
    who = current()
    actor_id = who.actor_id
    with scope:
        with connection.cursor() as cursor:
            cursor.execute(TELL, ["" if actor_id is None else str(actor_id), who.reason, who.request_id])
        return execute(sql, params, many, context)


def _is_historied_write(sql: Any) -> bool:
    if not isinstance(sql, str) or sql.startswith("SELECT"):
        return False
    written = WRITES.match(sql)
    return written is not None and written[1] in historied_tables()


def listen(connection: Any, **_: Any) -> None:
    """Receiver of `connection_created`: a connection that is opened again keeps its wrapper."""
    if tell_history not in connection.execute_wrappers:
        connection.execute_wrappers.append(tell_history)
