"""Questions the supervisor asks before and while the desk starts; each refusal is one clear line."""

import contextlib
import socket
import urllib.error
import urllib.request

from tradingdesk.local import LocalError

CONNECT_SECONDS = 5
READY_SECONDS = 3


def port_number(text: str) -> int:
    """Return a port between 1 and 65535."""
    if text.isdecimal() and 0 < int(text) < 65536:
        return int(text)
    raise LocalError(f"PORT={text} is not a port; choose one between 1 and 65535.")


def check_port(port: int) -> None:
    """Refuse a port that somebody listens on, or that we may not use."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except PermissionError:
        raise LocalError(f"Port {port} is reserved; choose one above 1023: make run PORT=8000") from None
    except OSError:
        raise LocalError(f"Port {port} is in use; choose another: make run PORT={port % 65535 + 1}") from None


def check_database(url: str) -> None:
    """Refuse a DATABASE_URL that cannot be reached."""
    import psycopg

    try:
        psycopg.connect(url, connect_timeout=CONNECT_SECONDS).close()
    except psycopg.Error as error:
        reason = str(error).strip().splitlines() or ["no reason given"]
        raise LocalError(f"The database of DATABASE_URL cannot be reached: {reason[0].strip()}") from None


def check_redis(url: str) -> None:
    """Refuse a REDIS_URL that cannot be reached."""
    import redis

    try:
        with contextlib.closing(redis.Redis.from_url(url, socket_connect_timeout=CONNECT_SECONDS)) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        raise LocalError(f"The Redis of REDIS_URL cannot be reached: {error}") from None


def why_not_ready(port: int) -> str | None:
    """Return None once /readyz answers 200, else what it said."""
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=READY_SECONDS).close()
    except urllib.error.HTTPError as error:
        with error:
            return f"{error.code} {error.read(300).decode(errors='replace')}"
    except OSError as error:
        return str(error)
    return None
