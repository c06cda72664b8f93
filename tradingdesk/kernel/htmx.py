"""HTMX at its edges: who is asking, and a sign-in that reaches the whole page when a fragment finds the session gone."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

View = Callable[..., HttpResponse]


class DeskRequest(HttpRequest):
    """What the middleware adds to every request; for type hints alone."""

    htmx: HtmxDetails
    request_id: str
    user: Any


def signed_in(view: View) -> View:
    """Sends the visitor to the sign-in page and back; from a fragment the whole page goes there, not the fragment's place alone."""

    @wraps(view)
    def run(request: DeskRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        if request.htmx:
            return HttpResponseClientRedirect(_sign_in_url(request.htmx.current_url_abs_path or resolve_url("home")))
        return redirect_to_login(request.get_full_path())

    return run


def _sign_in_url(back_to: str) -> str:
    return redirect_to_login(back_to).url  # type: ignore[attr-defined]
