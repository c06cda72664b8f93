"""Signing in, and each role's own front page."""

from django.contrib.auth.views import LoginView
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from tradingdesk.kernel.htmx import DeskRequest, signed_in


class SignInView(LoginView):
    """Whoever is signed in already goes home."""

    template_name = "accounts/sign_in.html"
    redirect_authenticated_user = True


@require_GET
@signed_in
def home(request: DeskRequest) -> HttpResponse:
    """Staff to the back office, everybody else to the trader's page."""
    return redirect("admin:index" if request.user.is_staff else "trade-home")
