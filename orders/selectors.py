"""Reads of orders and fills, for showing."""

from decimal import Decimal

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.enums import FreezeStatus
from accounts.models import Account, Freeze, User
from accounts.selectors import accounts_for, tradable_by
from orders.domain.transitions import RESTING
from orders.models import Fill, Order, OrderEvent
from tradingdesk.kernel.errors import NotFound, NotPermitted


def orders_of(account_ids: QuerySet[Account, int] | list[int]) -> QuerySet[Order]:
    """Orders of these accounts, newest first, with what they name, and with the `frozen_margin` and `frozen_fee` that their open parts still hold."""
    found = Order.objects.filter(account_id__in=account_ids).select_related("instrument", "account").order_by("-id")
    return found.annotate(frozen_margin=_frozen("margin"), frozen_fee=_frozen("fee"))


def _frozen(part: str) -> Coalesce:
    freezes = Freeze.objects.filter(order_id=OuterRef("pk"), status=FreezeStatus.OPEN).order_by()
    return Coalesce(Subquery(freezes.values(still=F(part) - F(f"captured_{part}") - F(f"released_{part}"))), Decimal(0))


def order_for(user: User, order_id: int) -> Order:
    """An order of an account the user may see; raises NotFound."""
    order = orders_of(accounts_for(user).values_list("pk", flat=True)).filter(pk=order_id).first()
    if order is None:
        raise NotFound("There is no such order.", order=order_id)
    return order


def working_orders(account_id: int) -> list[Order]:
    """Orders that rest, newest first, with all that each still has `frozen`."""
    return list(orders_of([account_id]).filter(status__in=RESTING).annotate(frozen=F("frozen_margin") + F("frozen_fee")))


def recent_orders(account_id: int, limit: int = 30) -> list[Order]:
    """The newest orders of an account, whatever became of them."""
    return list(orders_of([account_id])[:limit])


def recent_fills(account_id: int, limit: int = 30) -> list[Fill]:
    """The newest fills of an account."""
    return list(Fill.objects.filter(account_id=account_id).select_related("instrument", "order").order_by("-id")[:limit])


def order_events(order_id: int) -> list[OrderEvent]:
    """The event log of an order, in order."""
    return list(OrderEvent.objects.filter(order_id=order_id).select_related("actor", "fill").order_by("id"))


def order_history(user: User, *, account_id: int | None, status: str | None, before: int | None, limit: int) -> list[Order]:
    """Orders the user may see, newest first: of one account or of all, of one status or any, with ids below `before`."""
    wanted = {"account_id": account_id, "status": status, "id__lt": before}
    accounts = [account_id] if account_id else accounts_for(user).values_list("pk", flat=True)
    found = orders_of(accounts).filter(**{name: value for name, value in wanted.items() if value is not None})
    return list(found.select_related("market")[:limit])


def order_to_cancel(user: User, order_id: int) -> Order:
    """An order the user may cancel; raises NotFound, NotPermitted (an account the user may see but not trade), in this order."""
    order = order_for(user, order_id)
    if not tradable_by(user).filter(pk=order.account_id).exists():
        raise NotPermitted("You may see this order, not cancel it.", order=order_id, account=order.account.number)
    return order
