"""The trader's page and its parts. Every view finds the account among the user's own, asks selectors or one service, and renders."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from accounts.selectors import account_for, tradable_by
from orders import screens
from orders.closing import closing_requests, told
from orders.selectors import order_to_cancel
from orders.services.cancellation import cancel_orders
from orders.services.intake import order_request
from orders.services.placement import place_orders
from orders.switcher import accounts_at_a_glance
from orders.tickets import Ticket
from tradingdesk.kernel import money
from tradingdesk.kernel.errors import DeskError, NotFound
from tradingdesk.kernel.htmx import DeskRequest, signed_in
from tradingdesk.kernel.pages import note, refusals

ACCOUNT_CHANGED = "desk:changed"  # the page refetches what it shows of the account


@require_GET
@signed_in
def trade_home(request: DeskRequest) -> HttpResponse:
    """The user's first account, or a page that says there is none."""
    account = tradable_by(request.user).order_by("number").first()
    return redirect("trade", account.number) if account else render(request, "accounts/no_account.html")


@require_GET
@signed_in
@refusals
def trade(request: DeskRequest, number: str) -> HttpResponse:
    """The whole page; every part of it is also served alone below."""
    account = account_for(request.user, number)
    return render(request, "orders/trade.html", screens.page(request.user, account, request.GET.get("instrument", "")))


@require_GET
@signed_in
@refusals
def live(request: DeskRequest, number: str) -> HttpResponse:
    """What moves with the quotes: figures and positions, out of band."""
    return render(request, "orders/partials/live.html", screens.live(request.user, account_for(request.user, number)))


@require_GET
@signed_in
@refusals
def book(request: DeskRequest, number: str) -> HttpResponse:
    """What moves with the account alone: working orders, recent orders, fills, ledger."""
    return render(request, "orders/partials/book.html", screens.book(request.user, account_for(request.user, number)))


@require_GET
@signed_in
@refusals
def estimate(request: DeskRequest, number: str) -> HttpResponse:
    """Margin and fee of what stands in the ticket; empty while it cannot be read."""
    account = account_for(request.user, number)
    return render(request, "orders/partials/estimate.html", screens.estimate(account, Ticket.read(request.GET)))


@require_POST
@signed_in
@refusals
def place(request: DeskRequest, number: str) -> HttpResponse:
    """One order from the ticket; a refusal answers 422 with the ticket as it was and the reason in it."""
    account = account_for(request.user, number)
    ticket = Ticket.read(request.POST)
    try:
        order = order_request(request.user, ticket.order(number), source="page", request_id=request.request_id)
        [outcome] = place_orders([order])
        result = screens.result_of(outcome.as_dict(), ticket)
    except NotFound:
        raise
    except DeskError as error:
        result = screens.refusal(error)
    if not request.htmx:
        return redirect("trade", number)
    shown = ticket.renewed(keep=result["kind"] == "refused")
    status = 422 if result["kind"] == "refused" else 200
    response = render(request, "orders/partials/ticket.html", screens.ticket(account, shown, result), status=status)
    return trigger_client_event(response, ACCOUNT_CHANGED)


@require_POST
@signed_in
@refusals
def close(request: DeskRequest, number: str) -> HttpResponse:
    """Closes a position at market, as it was shown; one that is larger than an order may be, in several."""
    account = account_for(request.user, number)
    orders = closing_requests(request.user, account, request.POST, request.request_id)
    outcomes = place_orders(orders)
    shown = Ticket.read(request.POST)
    if len(outcomes) == 1:
        return _answer(request, account.number, screens.result_of(outcomes[0].as_dict(), shown))
    return _answer(request, account.number, told(outcomes, orders[0].side, shown.instrument, money.parse(shown.quantity, "quantity")))


@require_GET
@signed_in
@refusals
def accounts(request: DeskRequest, number: str) -> HttpResponse:
    """The accounts one can change to, each with what it stands at."""
    account = account_for(request.user, number)
    return render(request, "orders/partials/accounts.html", {"account": account, "rows": accounts_at_a_glance(request.user)})


@require_POST
@signed_in
@refusals
def cancel(request: DeskRequest, number: str, order_id: int) -> HttpResponse:
    """Cancels a working order of this account."""
    account = account_for(request.user, number)
    if order_to_cancel(request.user, order_id).account_id != account.pk:
        raise NotFound("There is no such order.", order=order_id)
    [outcome] = cancel_orders([order_id], actor_id=request.user.pk, request_id=request.request_id)
    return _answer(request, account.number, screens.cancellation(outcome.as_dict()))


def _answer(request: DeskRequest, number: str, result: dict) -> HttpResponse:
    if not request.htmx:
        return redirect("trade", number)
    body = {key: result[key] for key in ("code", "message", "extra")}
    response = note(request, result["kind"], body, status=422 if result["kind"] == "refused" else 200)
    return trigger_client_event(response, ACCOUNT_CHANGED)
