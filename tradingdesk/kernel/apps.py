"""The kernel installs the database's guards once all apps have migrated."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class KernelConfig(AppConfig):
    """Last in INSTALLED_APPS' order of post_migrate matters not: the guards run when the kernel's own signal fires, after every migration."""

    name = "tradingdesk.kernel"
    label = "kernel"

    def ready(self) -> None:
        post_migrate.connect(install_guards, sender=self)


def install_guards(**_: Any) -> None:
    """Migrate sends this after every migration of every app was applied."""
    from tradingdesk.kernel import guards

    guards.install()
