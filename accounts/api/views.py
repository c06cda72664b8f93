"""REST of accounts: the user's own and those managed by the user; any other is not found."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.people import person
from accounts.models import Account
from accounts.selectors import account_for, accounts_for, figures, ledger_entries, positions
from tradingdesk.kernel import requests
from tradingdesk.kernel.money import average, text

MAX_LIST = 500
AMOUNTS = ("balance", "frozen", "margin", "floating", "equity", "available", "margin_level")


class AccountsView(APIView):
    """The accounts this user may trade."""

    def get(self, request: Request) -> Response:
        accounts = accounts_for(person(request)).select_related("market").order_by("number")
        return Response({"accounts": [_account(account) for account in accounts]})


class AccountView(APIView):
    """One account and its figures at the quotes in force."""

    def get(self, request: Request, number: str) -> Response:
        account = account_for(person(request), number)
        now = figures(account.pk)
        amounts = {name: text(getattr(now, name)) for name in AMOUNTS}
        return Response(_account(account) | {"figures": amounts | {"currency": now.currency, "version": now.version}})


class PositionsView(APIView):
    """Open positions, one per instrument and side."""

    def get(self, request: Request, number: str) -> Response:
        account = account_for(person(request), number)
        return Response({"account": account.number, "positions": [_position(p) for p in positions(account.pk)]})


class EntriesView(APIView):
    """Ledger entries, newest first, each with the account's amounts after it."""

    def get(self, request: Request, number: str) -> Response:
        asked = requests.query(request.query_params, ("limit",))
        limit = requests.whole(asked.get("limit"), "limit", default=100, maximum=MAX_LIST) or MAX_LIST
        account = account_for(person(request), number)
        return Response({"account": account.number, "entries": [_entry(e) for e in ledger_entries(account.pk, limit)]})


def _account(account: Account) -> dict[str, Any]:
    return {
        "number": account.number,
        "name": account.name,
        "market": account.market.code,
        "custody": account.custody,
        "currency": account.currency,
        "status": account.status,
        "opened_at": account.opened_at,
    }


def _position(position: Any) -> dict[str, Any]:
    amounts = ("quantity", "closable", "mark", "floating", "margin", "multiplier")
    shown = {name: text(getattr(position, name)) for name in amounts}
    return {"instrument": position.symbol, "side": position.side, "average_price": text(average(position.average_price)), **shown}


def _entry(entry: Any) -> dict[str, Any]:
    return {
        "entry_id": entry.pk,
        "journal_id": entry.journal_id,
        "kind": entry.kind,
        "instrument": entry.instrument.symbol if entry.instrument else None,
        "amount": text(entry.amount),
        "currency": entry.currency,
        "account_version": entry.account_version,
        "balance_after": text(entry.balance_after),
        "frozen_after": text(entry.frozen_after),
        "margin_after": text(entry.margin_after),
        "trading_day": entry.trading_day,
        "recorded_at": entry.recorded_at,
    }
