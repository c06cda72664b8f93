"""The back office's sidebar: what staff look for, in the order in which a day goes; everyone sees what their roles allow."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.urls import reverse_lazy
from django.utils.functional import SimpleLazyObject


def _allowed(permission: str) -> Callable[[HttpRequest], bool]:
    return lambda request: request.user.has_perm(permission)


def _item(title: str, icon: str, view: str, permission: str) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse_lazy(view), "permission": _allowed(permission)}


def _only(item: dict[str, Any]) -> dict[str, Any]:
    """Lit on its own page alone, where another item's address begins with the same words."""
    return {**item, "active": lambda request: request.path == str(item["link"])}


def _counted(item: dict[str, Any], count: Callable[[], int]) -> dict[str, Any]:
    """With a number beside it that asks to be looked at; none for zero. Unfold copies the item for each request, so it is counted anew."""
    return {**item, "badge": SimpleLazyObject(lambda: count() or "")}


def _open_breaks() -> int:
    from settlement.selectors import open_breaks  # settings are read before the apps are there

    return open_breaks()


def _list(title: str, icon: str, model: str) -> dict[str, Any]:
    app, name = model.split(".")
    return _item(title, icon, f"admin:{app}_{name}_changelist", f"{app}.view_{name}")


def _changes(title: str, model: str, kept_by: str = "") -> dict[str, Any]:
    """The history of a model, which its own app keeps or another."""
    app, name = model.split(".")
    return _item(title, "history", f"admin:{kept_by or app}_historical{name}_changelist", f"{app}.view_{name}")


def _group(title: str, *items: dict[str, Any], collapsible: bool = False) -> dict[str, Any]:
    return {"title": title, "separator": True, "collapsible": collapsible, "items": list(items)}


SIDEBAR: dict[str, Any] = {
    "show_search": True,
    "command_search": False,
    "show_all_applications": False,
    "navigation": [
        _group(
            "Clients",
            _list("Accounts", "account_balance_wallet", "accounts.account"),
            _list("Orders", "receipt_long", "orders.order"),
            _list("Fills", "swap_vert", "orders.fill"),
            _list("Lots", "layers", "accounts.lot"),
            _list("Margin alerts", "warning", "risk.riskevent"),
            _list("Risk tiers", "speed", "accounts.risktier"),
        ),
        _group(
            "Settlement",
            _only(_list("Runs", "event_available", "settlement.settlementrun")),
            _item("Settle a day", "task_alt", "admin:settlement_settle", "settlement.settle_market"),
            _list("Account days", "calendar_month", "accounts.accountday"),
            _list("Settlement prices", "price_check", "quotes.settlementprice"),
            _list("Proofs", "balance", "settlement.zerosumproof"),
            _list("Steps", "checklist", "settlement.settlementstep"),
            _counted(_list("Breaks", "heart_broken", "settlement.break"), _open_breaks),
            _list("Verifications", "fact_check", "settlement.verification"),
        ),
        _group(
            "Ledger",
            _list("Funds", "savings", "accounts.accountfunds"),
            _list("Entries", "list_alt", "accounts.entry"),
            _list("Journals", "book_2", "accounts.journal"),
            _list("House accounts", "account_balance", "accounts.houseaccount"),
            _list("Freezes", "ac_unit", "accounts.freeze"),
            _list("Lot changes", "difference", "accounts.lotchange"),
            _list("Order events", "timeline", "orders.orderevent"),
        ),
        _group(
            "Prices",
            _list("Latest quotes", "bolt", "quotes.latestquote"),
            _item("Ticks", "show_chart", "admin_ticks", "quotes.view_tick"),
            _list("Bars", "candlestick_chart", "quotes.bar"),
            _list("Tick files", "upload_file", "quotes.tickimport"),
        ),
        _group(
            "Set-up",
            _list("Markets", "storefront", "quotes.market"),
            _list("Listings", "fact_check", "quotes.listing"),
            _list("Instruments", "diamond", "quotes.instrument"),
            _list("Fees", "sell", "quotes.feeschedule"),
            _list("Margins", "percent", "quotes.marginschedule"),
            _list("Calendars", "schedule", "quotes.sessioncalendar"),
            _list("Sessions", "hourglass", "quotes.sessionwindow"),
            _list("Holidays", "beach_access", "quotes.holiday"),
        ),
        _group(
            "Administration",
            _list("Users", "person", "accounts.user"),
            _list("Roles", "groups", "auth.group"),
            _list("Jobs", "alarm", "django_celery_beat.periodictask"),
            _list("Intervals", "timer", "django_celery_beat.intervalschedule"),
            _list("Crontabs", "calendar_clock", "django_celery_beat.crontabschedule"),
            _list("Clocked", "today", "django_celery_beat.clockedschedule"),
            _list("Solar", "sunny", "django_celery_beat.solarschedule"),
            _list("Admin log", "manage_search", "admin.logentry"),
            collapsible=True,
        ),
        _group(
            "Changes",
            _changes("Accounts", "accounts.account"),
            _changes("Risk tiers", "accounts.risktier"),
            _changes("Users", "accounts.user"),
            _changes("Markets", "quotes.market"),
            _changes("Listings", "quotes.listing"),
            _changes("Instruments", "quotes.instrument"),
            _changes("Fees", "quotes.feeschedule"),
            _changes("Margins", "quotes.marginschedule"),
            _changes("Calendars", "quotes.sessioncalendar"),
            _changes("Sessions", "quotes.sessionwindow"),
            _changes("Holidays", "quotes.holiday"),
            _changes("Jobs", "django_celery_beat.periodictask", kept_by="desk"),
            _changes("Intervals", "django_celery_beat.intervalschedule", kept_by="desk"),
            _changes("Crontabs", "django_celery_beat.crontabschedule", kept_by="desk"),
            _changes("Clocked", "django_celery_beat.clockedschedule", kept_by="desk"),
            _changes("Solar", "django_celery_beat.solarschedule", kept_by="desk"),
            collapsible=True,
        ),
    ],
}
