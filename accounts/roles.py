"""What each role may see and do, as one table, installed as Django groups after every migrate.

The table is the truth: a group of a role holds exactly these permissions, whatever was there before. Roles add up for a user with several. Nobody may
delete anything, and nobody may change money, orders or logs: those have no change permission to give, only services.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from accounts.enums import Role

SETTLE_MARKET = "settlement.settle_market"
TRADE = "orders.trade"
SUSPEND = "accounts.suspend_account"

# permission → (model it hangs on, what it allows): beyond Django's add, change and view
CUSTOM_PERMISSIONS = MappingProxyType(
    {
        SETTLE_MARKET: ("settlementrun", "Can settle a trading day of a market"),
        SUSPEND: ("account", "Can suspend an account and take it back"),
        TRADE: ("order", "Can place and cancel orders of own and managed accounts"),
    }
)

MARKET_SETUP = (
    "quotes.market",
    "quotes.listing",
    "quotes.instrument",
    "quotes.feeschedule",
    "quotes.marginschedule",
    "quotes.sessioncalendar",
    "quotes.sessionwindow",
    "quotes.holiday",
)
PRICES = ("quotes.tick", "quotes.latestquote", "quotes.bar", "quotes.settlementprice", "quotes.tickimport")
CLIENTS = ("accounts.account", "accounts.risktier")
MONEY = (
    "accounts.accountfunds",
    "accounts.accountday",
    "accounts.freeze",
    "accounts.lot",
    "accounts.lotchange",
    "accounts.journal",
    "accounts.entry",
    "accounts.houseaccount",
)
ORDERS = ("orders.order", "orders.orderevent", "orders.fill")
RISK = ("risk.riskevent",)
SETTLEMENT = (
    "settlement.settlementrun",
    "settlement.settlementstep",
    "settlement.zerosumproof",
    "settlement.verification",
    "settlement.break",
)
JOBS = (
    "django_celery_beat.periodictask",
    "django_celery_beat.intervalschedule",
    "django_celery_beat.crontabschedule",
    "django_celery_beat.clockedschedule",
    "django_celery_beat.solarschedule",
)
PEOPLE = ("accounts.user",)
EVERYTHING = (*MARKET_SETUP, *PRICES, *CLIENTS, *MONEY, *ORDERS, *RISK, *SETTLEMENT, *JOBS, *PEOPLE, "auth.group", "admin.logentry")


@dataclass(frozen=True)
class Grant:
    """`edits` means add, change and view; `views` view alone; `special` are custom permissions. `in_admin` roles may enter the back office."""

    views: tuple[str, ...] = ()
    edits: tuple[str, ...] = ()
    special: tuple[str, ...] = ()
    in_admin: bool = True

    def permissions(self) -> frozenset[str]:
        """Permission names as `app.codename`."""
        edited = {_named(model, action) for model in self.edits for action in ("add", "change", "view")}
        return frozenset(edited | {_named(model, "view") for model in self.views} | set(self.special))


def _named(model: str, action: str) -> str:
    app, name = model.split(".")
    return f"{app}.{action}_{name}"


GRANTS = MappingProxyType(
    {
        Role.OPERATIONS: Grant(views=EVERYTHING, edits=(*MARKET_SETUP, *CLIENTS, *PEOPLE, *JOBS), special=(SETTLE_MARKET, SUSPEND)),
        Role.DEALER: Grant(views=(*MARKET_SETUP, *PRICES, *CLIENTS, *MONEY, *ORDERS, *RISK), edits=("quotes.listing", "quotes.market")),
        Role.RISK: Grant(
            views=(*MARKET_SETUP, *PRICES, *CLIENTS, *MONEY, *ORDERS, *RISK, *SETTLEMENT), edits=("accounts.risktier",), special=(SUSPEND,)
        ),
        Role.SETTLEMENT: Grant(views=(*MARKET_SETUP, *PRICES, *CLIENTS, *MONEY, *ORDERS, *SETTLEMENT), special=(SETTLE_MARKET,)),
        Role.COMPLIANCE: Grant(views=EVERYTHING),
        Role.TRAINER: Grant(views=(*MARKET_SETUP, *PRICES, *CLIENTS, *MONEY, *ORDERS)),
        Role.AGENT: Grant(special=(TRADE,), in_admin=False),
        Role.TRADER: Grant(special=(TRADE,), in_admin=False),
    }
)
STAFF_ROLES = frozenset(role for role, grant in GRANTS.items() if grant.in_admin)


def enters_admin(roles: Iterable[str]) -> bool:
    """Whether somebody in these groups may enter the back office; `is_staff` follows from it."""
    return bool(STAFF_ROLES.intersection(roles))


def install() -> None:
    """Makes every role's group hold exactly its permissions. Permissions whose model is not migrated yet are left for the next migrate."""
    known = _custom_permissions() | _model_permissions()
    for role, grant in GRANTS.items():
        group, _ = Group.objects.get_or_create(name=role.value)
        group.permissions.set(known[name] for name in sorted(grant.permissions()) if name in known)


def _model_permissions() -> dict[str, Permission]:
    rows = Permission.objects.select_related("content_type")
    return {f"{p.content_type.app_label}.{p.codename}": p for p in rows}


def _custom_permissions() -> dict[str, Permission]:
    made = {}
    for name, (model, sentence) in CUSTOM_PERMISSIONS.items():
        app, codename = name.split(".")
        content_type = ContentType.objects.filter(app_label=app, model=model).first()
        if content_type is not None:
            made[name], _ = Permission.objects.update_or_create(content_type=content_type, codename=codename, defaults={"name": sentence})
    return made


def install_after_migrate(**_: Any) -> None:
    """Sent after the last app's migrations; a migrate that stops early may not have the tables yet."""
    if Permission._meta.db_table in connection.introspection.table_names():
        install()
