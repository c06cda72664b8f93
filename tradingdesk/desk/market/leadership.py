"""One leader per market: a session-level advisory lock on a connection of its own, outside every pool.

The lock lives exactly as long as the connection. Keepalives on both ends make a vanished machine let go within some ten seconds; the streams'
`leader_epoch` fences off a leader that has not noticed yet.
"""

from typing import Any

import psycopg
from django.db import connection

from tradingdesk.kernel.locks import AdvisoryLock

KEEPALIVES: dict[str, Any] = {"keepalives": 1, "keepalives_idle": 2, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 8000}
SERVER_KEEPALIVES = "-c tcp_keepalives_idle=2 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3"
CONNECT_TIMEOUT_SECONDS = 5


class Leadership:
    """The markets this process leads; used by one thread. Every method raises psycopg.Error once the connection is lost: all is lost with it."""

    def __init__(self) -> None:
        parameters = connection.get_connection_params()
        names = ("host", "port", "user", "password", "dbname")
        self._connection = psycopg.connect(
            **{name: parameters[name] for name in names if parameters.get(name)},
            **KEEPALIVES,
            options=SERVER_KEEPALIVES,
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            application_name="market leader",
            autocommit=True,
        )
        self.markets: set[int] = set()

    def lead(self, market_id: int) -> bool:
        """Whether this process now leads the market; never waits."""
        if market_id not in self.markets and self._one("SELECT pg_try_advisory_lock(%s, %s)", market_id):
            self.markets.add(market_id)
        return market_id in self.markets

    def release(self, market_id: int) -> None:
        """Lets a standby take the market."""
        if market_id in self.markets:
            self._one("SELECT pg_advisory_unlock(%s, %s)", market_id)
            self.markets.discard(market_id)

    def check(self) -> None:
        """Raises when the connection, and every lock with it, is gone."""
        self._connection.execute("SELECT 1")

    def close(self) -> None:
        """Lets go of every market."""
        self.markets.clear()
        self._connection.close()

    def _one(self, sql: str, market_id: int) -> bool:
        row = self._connection.execute(sql, [AdvisoryLock.MARKET_LEADER, market_id]).fetchone()
        return row is not None and bool(row[0])
