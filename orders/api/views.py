"""REST of orders. An accepted order answers 201, its repetition 200, a DENIED one 422 with the reason as the code; refusals as everywhere.

One that the desk cannot write down answers 500 with the code NOT_RECORDED; in a batch its error stands in its place, without an order, beside the others.
"""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.people import person
from accounts.selectors import account_for
from orders.api.bodies import event_body, fill_body, order_body
from orders.domain.order import Outcome
from orders.enums import OrderStatus
from orders.exceptions import NotRecorded
from orders.selectors import order_events, order_for, order_history, order_to_cancel
from orders.services.cancellation import cancel_orders
from orders.services.intake import order_request
from orders.services.placement import place_orders
from tradingdesk.kernel import money, requests
from tradingdesk.kernel.errors import DeskError, InvalidTransition

FILTERS = ("account", "status", "before", "limit")
MAX_BATCH = 500
MAX_LIST = 500


class OrdersView(APIView):
    """The user's orders, newest first, and the way to place one."""

    def get(self, request: Request) -> Response:
        asked = requests.query(request.query_params, FILTERS)
        account = account_for(person(request), asked["account"]) if "account" in asked else None
        found = order_history(
            person(request),
            account_id=account.pk if account else None,
            status=requests.choice(asked.get("status"), "status", OrderStatus.values),
            before=requests.whole(asked.get("before"), "before"),
            limit=requests.whole(asked.get("limit"), "limit", default=100, maximum=MAX_LIST) or MAX_LIST,
        )
        return Response({"orders": [order_body(order) for order in found]})

    def post(self, request: Request) -> Response:
        [outcome] = place_orders([_asked(request, request.data)])
        if not outcome.is_recorded:
            raise NotRecorded(outcome.message, **outcome.detail)
        if outcome.is_denied:
            return Response(_refusal(outcome), status=422)
        return Response(outcome.as_dict(), status=200 if outcome.replayed else 201)


class BatchView(APIView):
    """Up to 500 orders in one transaction; one answer each, in order. A member that cannot be read stops none of the others."""

    def post(self, request: Request) -> Response:
        members = [_read(request, body) for body in requests.json_list(request.data, MAX_BATCH)]
        outcomes = iter(place_orders([member for member in members if not isinstance(member, DeskError)]))
        answers = [_unread(member) if isinstance(member, DeskError) else _answer(next(outcomes)) for member in members]
        return Response({"outcomes": answers})


class OrderView(APIView):
    """One order with its events and fills."""

    def get(self, request: Request, order_id: int) -> Response:
        order = order_for(person(request), order_id)
        events = [event_body(event) for event in order_events(order_id)]
        return Response(order_body(order) | {"events": events, "fills": [fill_body(fill) for fill in order.fills.order_by("id")]})


class CancelView(APIView):
    """Cancels a resting order. One that is canceled already answers the same again; one that ended otherwise is a conflict."""

    def post(self, request: Request, order_id: int) -> Response:
        requests.json_object(request.data or {}, ())
        order_to_cancel(person(request), order_id)
        [outcome] = cancel_orders([order_id], actor_id=person(request).pk, request_id=_request_id(request))
        if outcome.status != OrderStatus.CANCELED:
            raise InvalidTransition(outcome.message, order_id=order_id, status=outcome.status, filled_quantity=money.text(outcome.filled_quantity))
        return Response(outcome.as_dict())


def _asked(request: Request, body: Any) -> Any:
    return order_request(person(request), body, source="api", request_id=_request_id(request))


def _read(request: Request, body: Any) -> Any:
    try:
        return _asked(request, body)
    except DeskError as error:
        return error


def _refusal(outcome: Outcome) -> dict[str, Any]:
    return {"code": outcome.reason, "message": outcome.message, "extra": outcome.detail, "order": outcome.as_dict()}


def _answer(outcome: Outcome) -> dict[str, Any]:
    error = {"code": outcome.reason, "message": outcome.message, "extra": outcome.detail}
    return {"order": outcome.as_dict() if outcome.is_recorded else None, "error": error if outcome.is_denied or not outcome.is_recorded else None}


def _unread(error: DeskError) -> dict[str, Any]:
    return {"order": None, "error": error.as_dict()}


def _request_id(request: Request) -> str:
    return request._request.request_id  # type: ignore[attr-defined, no-any-return]
