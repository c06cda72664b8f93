"""Every request has an id: in the log, in the order, in the journal, in the history, in the answer. A database that is away is an answer too."""

import uuid
from collections.abc import Callable
from functools import partial

import structlog
from django.http import HttpRequest, HttpResponse

from tradingdesk.kernel.attribution import attributed
from tradingdesk.kernel.outages import outage
from tradingdesk.kernel.pages import database_away

HEADER = "X-Request-ID"


class RequestMiddleware:
    """Sets `request.request_id` (ours, never the client's) and returns it in the answer; what the request changes is its person's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = request.request_id = uuid.uuid4().hex  # type: ignore[attr-defined]
        with structlog.contextvars.bound_contextvars(request_id=request_id), attributed(actor=partial(person, request), request_id=request_id):
            response = self.get_response(request)
        response[HEADER] = request_id
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """503 wherever a view meets an absent or a full database; everything else stays what it is."""
        refusal = outage(error)
        return database_away(request, refusal, error) if refusal else None


def person(request: HttpRequest) -> int | None:
    """Who is signed in, asked for when somebody wants to know: it may cost a query."""
    user = getattr(request, "user", None)
    return user.pk if user is not None else None
