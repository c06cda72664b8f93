"""Save an account's day as a scenario: a file that reproduces it, for a dispute or a defect."""

from datetime import date

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from accounts.models import Account
from tradingdesk.desk.scenario.fields import DAY
from tradingdesk.desk.scenario.saving import scenario_yaml
from tradingdesk.kernel.errors import DeskError, InvalidRequest


@require_safe
def account_scenario(request: HttpRequest, account_id: int) -> HttpResponse:
    """The file, for whoever may see the account; a refusal is a message on the account's page."""
    page = admin.site.get_model_admin(Account)
    account = page.get_object(request, str(account_id))
    if account is None:
        raise Http404
    if not page.has_view_permission(request, account):
        raise PermissionDenied
    try:
        day = _day(request.GET.get("day", ""))
        text = scenario_yaml(account, day)
    except DeskError as refusal:
        messages.error(request, refusal.message)
        return HttpResponseRedirect(reverse("admin:accounts_account_change", args=[account.pk]))
    answer = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{slugify(account.number) or account.pk}-{day}.yaml"'
    return answer


def _day(text: str) -> date:
    try:
        day = parse_date(text) if DAY.fullmatch(text) else None
    except ValueError:  # the 31st of February
        day = None
    if day is None:
        raise InvalidRequest("A trading day is written YYYY-MM-DD.", field="day", value=text[:32])
    return day
