"""App configuration."""

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """See the package's docstring for what lives here."""

    name = "orders"
