"""App configuration."""

from django.apps import AppConfig


class SettlementConfig(AppConfig):
    """See the package's docstring for what lives here."""

    name = "settlement"
