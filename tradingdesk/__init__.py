"""The project package: settings, entry points, the kernel (lowest layer) and the desk (highest). Exposes the Celery app and nothing else."""

from typing import Any


def __getattr__(name: str) -> Any:
    # Celery looks for `tradingdesk.celery_app`; nobody else pays for the import.
    if name == "celery_app":
        from tradingdesk.celery import app

        return app
    raise AttributeError(name)
