"""App configuration."""

from django.apps import AppConfig


class QuotesConfig(AppConfig):
    """See the package's docstring for what lives here."""

    name = "quotes"
