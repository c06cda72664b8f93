"""PostgreSQL away: told apart from every other failure of the database, answered with 503 everywhere, said in the log in one line per request."""

from typing import TypeVar

import structlog
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponseBase
from psycopg.errors import PipelineAborted

from tradingdesk.kernel.errors import DatabaseUnavailable

R = TypeVar("R", bound=HttpResponseBase)
log = structlog.get_logger(__name__)
CONNECTION_CLASS = "08"  # SQLSTATE class: connection exceptions
SHUTDOWN = {"57P01", "57P02", "57P03", "57P05", "53300"}  # shut down, crashed, starting up, idle for too long, too many connections
SENTENCE = "The database cannot be reached at the moment; try again. The same client order id is safe: it never makes a second order."


def database_is_away(error: BaseException | None) -> bool:
    """Whether this is the connection's failure, not the statement's: errors of a statement carry another SQLSTATE."""
    if not isinstance(error, OperationalError | InterfaceError) or isinstance(error.__cause__, PipelineAborted):
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    return state is None or state.startswith(CONNECTION_CLASS) or state in SHUTDOWN


def unavailable() -> DatabaseUnavailable:
    """The refusal that people and programs get."""
    return DatabaseUnavailable(SENTENCE)


def told(request: HttpRequest, response: R, error: BaseException) -> R:
    """The answer, its one line in the log written; Django would add a second."""
    log.error("database away", method=request.method, path=request.path, error=str(error).partition("\n")[0])
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response
