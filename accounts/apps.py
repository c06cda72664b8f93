"""App configuration."""

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    """See the package's docstring for what lives here."""

    name = "accounts"

    def ready(self) -> None:
        # The kernel is the last app: by its signal the permissions of every other app exist.
        post_migrate.connect(install_roles, sender=apps.get_app_config("kernel"))


def install_roles(**kwargs: object) -> None:
    """Groups and permissions of every role."""
    from accounts import roles

    roles.install_after_migrate(**kwargs)
