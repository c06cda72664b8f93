"""Every refusal the desk gives: a code for programs, a sentence for people, the numbers involved.

`retryable` errors may succeed when tried again unchanged; all others are final. One mapping each turns them into an API answer
(`kernel.api`), a page message (`kernel.pages`) and an admin message (`kernel.admin`).
"""

from http import HTTPStatus
from typing import Any, ClassVar


class DeskError(Exception):
    """Base of all expected refusals; `extra` holds JSON-ready values."""

    code: ClassVar[str] = "DESK_ERROR"
    http_status: ClassVar[HTTPStatus] = HTTPStatus.UNPROCESSABLE_ENTITY
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, code: str | None = None, **extra: Any) -> None:
        super().__init__(message)
        self.message = message
        self.extra = extra
        self.reason_code = code or self.code

    def as_dict(self) -> dict[str, Any]:
        """The one error body of the API: {"code", "message", "extra"}."""
        return {"code": self.reason_code, "message": self.message, "extra": self.extra}


class InvalidRequest(DeskError):
    """What came in could not be read as what it should be."""

    code = "INVALID_REQUEST"
    http_status = HTTPStatus.BAD_REQUEST


class RequestTooLarge(DeskError):
    """The body is larger than any honest one."""

    code = "REQUEST_TOO_LARGE"
    http_status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class NotFound(DeskError):
    """No such thing, or not one this user may see: the two are not told apart."""

    code = "NOT_FOUND"
    http_status = HTTPStatus.NOT_FOUND


class NotPermitted(DeskError):
    """The user is known and may not do this."""

    code = "NOT_PERMITTED"
    http_status = HTTPStatus.FORBIDDEN


class Conflict(DeskError):
    """It contradicts what is already there."""

    code = "CONFLICT"
    http_status = HTTPStatus.CONFLICT


class LockTimeout(DeskError):
    """Somebody else held the account for too long; nothing moved, try again."""

    code = "BUSY"
    http_status = HTTPStatus.SERVICE_UNAVAILABLE
    retryable = True


class DatabaseUnavailable(DeskError):
    """PostgreSQL cannot be reached, or went away in the middle. An order may have been placed: asking again with its client order id is safe."""

    code = "DATABASE_UNAVAILABLE"
    http_status = HTTPStatus.SERVICE_UNAVAILABLE
    retryable = True


class DatabaseFull(DeskError):
    """PostgreSQL has no room to write: nothing was changed, what is there can be read."""

    code = "DATABASE_FULL"
    http_status = HTTPStatus.SERVICE_UNAVAILABLE
    retryable = True


class InvalidTransition(DeskError):
    """The state machine has no row for this pair of status and event."""

    code = "INVALID_TRANSITION"
    http_status = HTTPStatus.CONFLICT
