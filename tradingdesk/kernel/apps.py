"""The kernel's part of every migrate, the database's guards and grants installed anew once all apps have migrated; and of every connection: history is told."""

from typing import Any

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class KernelConfig(AppConfig):
    """The kernel's place in INSTALLED_APPS is of no importance: its own post_migrate is sent when every migration of every app has been applied."""

    name = "tradingdesk.kernel"
    label = "kernel"

    def ready(self) -> None:
        from tradingdesk.kernel import history

        post_migrate.connect(install_guards, sender=self)
        connection_created.connect(history.listen)


def install_guards(**_: Any) -> None:
    """Idempotent; also after a migrate that had nothing to do."""
    from tradingdesk.kernel import guards

    guards.install()
