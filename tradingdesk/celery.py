"""The Celery app. Two workers: one for sweeps and brokers, one for the rest, so that a long settlement never starves a sweep."""

import os
from typing import Any

from celery import Celery, Task
from celery.signals import setup_logging

from tradingdesk.kernel.attribution import attributed

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tradingdesk.settings")


class AttributedTask(Task):
    """What a task changes, it changes as the desk itself: the history names the task and the message that asked for it."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with attributed(reason=self.name, request_id=self.request.id or ""):
            return super().__call__(*args, **kwargs)


app = Celery("tradingdesk", task_cls=AttributedTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**_: object) -> None:
    """Celery leaves the handlers of settings.LOGGING alone."""
    from logging.config import dictConfig

    from django.conf import settings

    dictConfig(settings.LOGGING)
