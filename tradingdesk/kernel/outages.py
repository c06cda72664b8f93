"""PostgreSQL away: told apart from every other failure of the database, answered with 503 everywhere, said in the log in one line per request.

And whose fault a failure is: the statement's own, or one that at this moment strikes everyone alike.
"""

from typing import TypeVar

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponseBase
from psycopg.errors import DiskFull, PipelineAborted

from tradingdesk.kernel.errors import DatabaseFull, DatabaseUnavailable, DeskError

R = TypeVar("R", bound=HttpResponseBase)
log = structlog.get_logger(__name__)
CONNECTION_CLASS = "08"  # SQLSTATE class: connection exceptions
SHUTDOWN = {"57P01", "57P02", "57P03", "57P05", "53300"}  # shut down, crashed, starting up, idle for too long, too many connections
# SQLSTATE classes that say nothing about the rows of a statement: connection, transaction state (read-only, timed out), rollback (deadlock), resources (disk
# full, memory, connections), locks, an operator's intervention (shutdown, canceled), the system (I/O).
EVERYONES = {CONNECTION_CLASS, "25", "40", "53", "55", "57", "58"}
AWAY = "The database cannot be reached at the moment; try again. The same client order id is safe: it never makes a second order."
FULL = "The database has no room left, so nothing was changed; reading goes on. Try again later, with the same client order id."


def database_is_away(error: BaseException | None) -> bool:
    """Whether this is the connection's failure, not the statement's: errors of a statement carry another SQLSTATE."""
    if not isinstance(error, OperationalError | InterfaceError) or isinstance(error.__cause__, PipelineAborted):
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    return state is None or state.startswith(CONNECTION_CLASS) or state in SHUTDOWN


def strikes_everyone(error: BaseException) -> bool:
    """Whether any other statement would have met the same at this moment. All other errors of the database are the statement's own: its rows', its guards'."""
    if not isinstance(error, DatabaseError | InterfaceError):
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    if state is None:
        return isinstance(error, OperationalError | InterfaceError) and not isinstance(error.__cause__, PipelineAborted)
    return state[:2] in EVERYONES


def outage(error: BaseException | None) -> DeskError | None:
    """The refusal that people and programs get; None for every other failure."""
    if database_is_away(error):
        return DatabaseUnavailable(AWAY)
    if isinstance(error, OperationalError) and isinstance(error.__cause__, DiskFull):
        return DatabaseFull(FULL)
    return None


def told(request: HttpRequest, response: R, refusal: DeskError, error: BaseException) -> R:
    """The answer, its one line in the log written; Django would add a second."""
    what = "database full" if isinstance(refusal, DatabaseFull) else "database away"
    log.error(what, method=request.method, path=request.path, error=str(error).partition("\n")[0])
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response
