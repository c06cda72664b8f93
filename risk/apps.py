"""App configuration."""

from django.apps import AppConfig


class RiskConfig(AppConfig):
    """See the package's docstring for what lives here."""

    name = "risk"
