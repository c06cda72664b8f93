"""App configuration."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """See the package's docstring for what lives here."""

    name = "tradingdesk.desk"
    label = "desk"
