"""App configuration: orders that last for a day end when their account is settled for it."""

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """See the package's docstring for what lives here."""

    name = "orders"

    def ready(self) -> None:
        from accounts.services.marking import day_enders
        from orders.services.cancellation import expire_day_orders

        day_enders.append(expire_day_orders)
