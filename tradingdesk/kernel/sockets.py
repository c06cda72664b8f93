"""Sockets before their consumer: whoever connects while the database is away is turned away without a traceback, and comes again."""

from typing import Any

import structlog
from django.db import Error

from tradingdesk.kernel.outages import database_is_away

log = structlog.get_logger(__name__)
TRY_AGAIN = 1013  # RFC 6455's registry: try again later


class Patient:
    """Wraps the WebSocket application: session and user are read before any consumer could catch what fails."""

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await self.application(scope, receive, send)
        except Error as error:
            if not database_is_away(error):
                raise
            log.error("database away", path=scope["path"], error=str(error).partition("\n")[0])
            await send({"type": "websocket.close", "code": TRY_AGAIN})
