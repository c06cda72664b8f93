"""Refusals on pages: the same code, sentence and numbers as in the API, swapped in where the user looks; never a bare 500.

A fragment's refusal is a note in `#notes` (HX-Retarget). A page's is an error page, or a message on the page the user came from.
Programs under /api/ get the API's error body even from the handlers that no view of ours runs in.
"""

import sys
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django_htmx.http import reswap, retarget

from tradingdesk.kernel.errors import DeskError, InvalidRequest, NotFound, RequestTooLarge
from tradingdesk.kernel.htmx import DeskRequest
from tradingdesk.kernel.outages import outage, told

API_PREFIX = "/api/"
TITLES = {
    HTTPStatus.BAD_REQUEST: "That request could not be read",
    HTTPStatus.FORBIDDEN: "You may not do this",
    HTTPStatus.NOT_FOUND: "There is nothing here",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "That was too much at once",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something broke on our side",
    HTTPStatus.SERVICE_UNAVAILABLE: "The desk is away for a moment",
}


def refusals(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Turns every DeskError of a view into an answer the page can show."""

    @wraps(view)
    def run(request: DeskRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except DeskError as error:
            return refused(request, error)

    return run


def refused(request: DeskRequest, error: DeskError) -> HttpResponse:
    """A note for a fragment, an error page for a page, and for a form posted without HTMX a message on the page it came from."""
    if request.htmx:
        return note(request, "refused", error.as_dict(), status=_page_status(error))
    if isinstance(error, NotFound):
        raise Http404(error.message)
    if request.method == "POST":
        messages.error(request, f"{error.reason_code}: {error.message}")
        return redirect(reverse("home"))
    return error_page(request, _page_status(error), error.message)


def note(request: HttpRequest, kind: str, body: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """One line in the corner of the page. `kind` is done or refused; `body` is {"code", "message", "extra"}."""
    response = render(request, "partials/note.html", {"kind": kind, **body}, status=status)
    return reswap(retarget(response, "#notes"), "afterbegin")


def error_page(request: HttpRequest, status: HTTPStatus, sentence: str, code: str = "") -> HttpResponse:
    """The error in the form its reader can use: JSON, a note or a page."""
    body = {"code": code or status.name, "message": sentence, "extra": {}}
    if request.path.startswith(API_PREFIX):
        return JsonResponse(body, status=status)
    if getattr(request, "htmx", None):
        return note(request, "refused", body, status=status)
    return render(request, "errors/error.html", {"status": status.value, "title": TITLES[status], "sentence": sentence}, status=status)


def favicon(request: HttpRequest) -> HttpResponse:
    """What browsers ask for unasked: the desk's own icon."""
    return redirect(static("desk/icon.svg"))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400. A body beyond DATA_UPLOAD_MAX_MEMORY_SIZE arrives here too."""
    if isinstance(exception, RequestDataTooBig):
        return error_page(request, RequestTooLarge.http_status, "The request body is too large.")
    return error_page(request, HTTPStatus.BAD_REQUEST, "The request is not valid.")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler403."""
    return error_page(request, HTTPStatus.FORBIDDEN, "Your role does not allow this.")


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404. What exists and may not be seen, and what does not exist, look the same."""
    return error_page(request, HTTPStatus.NOT_FOUND, "It does not exist, or it is not yours to see.")


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500: says how to find this failure in the log. A session that could not be stored because the database is away comes here."""
    error = sys.exc_info()[1]
    if error is not None and (refusal := outage(error)):
        return database_away(request, refusal, error)
    return error_page(request, HTTPStatus.INTERNAL_SERVER_ERROR, f"The failure is logged under {getattr(request, 'request_id', 'this minute')}.")


def database_away(request: HttpRequest, refusal: DeskError, error: BaseException) -> HttpResponse:
    """PostgreSQL cannot be reached, or cannot write: 503 in the form its reader can use, without asking the database for anything."""
    return told(request, error_page(request, refusal.http_status, refusal.message, refusal.reason_code), refusal, error)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW: most often a page that was open through another sign-in."""
    return error_page(request, HTTPStatus.FORBIDDEN, "This page is older than your sign-in. Reload it and try again.")


def _page_status(error: DeskError) -> HTTPStatus:
    """Pages tell apart not found, not permitted and refused; what the API calls 400 is 422 on a form."""
    if isinstance(error, InvalidRequest) or error.http_status not in TITLES:
        return HTTPStatus.UNPROCESSABLE_ENTITY
    return error.http_status
