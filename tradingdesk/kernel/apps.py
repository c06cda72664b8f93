"""The kernel's part of every migrate: once all apps have migrated, the database's guards and grants are installed anew."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class KernelConfig(AppConfig):
    """The kernel's place in INSTALLED_APPS is of no importance: its own post_migrate is sent when every migration of every app has been applied."""

    name = "tradingdesk.kernel"
    label = "kernel"

    def ready(self) -> None:
        post_migrate.connect(install_guards, sender=self)


def install_guards(**_: Any) -> None:
    """Idempotent; also after a migrate that had nothing to do."""
    from tradingdesk.kernel import guards

    guards.install()
