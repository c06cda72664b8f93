"""Suspend an account, take it back: GET confirms, POST asks the service."""

from typing import Any

from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.models import Account
from accounts.roles import SUSPEND
from accounts.services.standing import change_standing, possible_actions
from tradingdesk.kernel.admin import run_with_message

DONE = {"SUSPEND": "is suspended", "REACTIVATE": "is active again"}
ASKED = {"SUSPEND": "Suspend", "REACTIVATE": "Reactivate"}


def standing_actions(user: Any, account: Account) -> list[tuple[str, str]]:
    """(action, label) of what this person may do to this account."""
    allowed = possible_actions(account.status) if user.has_perm(SUSPEND) else []
    return [(action, ASKED[action]) for action in allowed]


@require_http_methods(["GET", "HEAD", "POST"])
def standing(request: HttpRequest, object_id: str, model_admin: ModelAdmin) -> HttpResponse:
    """Asks for the reason, then changes the status; a refusal is a message on the account's page."""
    account = model_admin.get_object(request, object_id)
    if not request.user.has_perm(SUSPEND):
        raise PermissionDenied
    if account is None:
        raise Http404
    if request.method == "POST":
        return _change(request, account)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"Standing of account {account.number}",
        "account": account,
        "actions": standing_actions(request.user, account),
    }
    return render(request, "admin/accounts/change_standing.html", context)


def _change(request: HttpRequest, account: Account) -> HttpResponse:
    action, reason = request.POST.get("action", ""), request.POST.get("reason", "")
    done = f"Account {account.number} {DONE.get(action, '')}."
    run_with_message(request, done, lambda: change_standing(account.pk, action, reason=reason))
    return HttpResponseRedirect(reverse("admin:accounts_account_change", args=[account.pk]))
