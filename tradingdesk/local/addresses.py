"""Addresses and keys of this installation, without starting anything.

The environment decides where it says something; otherwise the embedded servers under `var` are meant. Whoever needs them
to run uses `tradingdesk.local.postgres` and `tradingdesk.local.redis`.
"""

import os

from tradingdesk.local import passwords

SECRET_KEY_BYTES = 48  # 64 letters; Django asks for 50 (security.W009)


def database_is_embedded() -> bool:
    """Tell whether no DATABASE_URL was given."""
    return not os.environ.get("DATABASE_URL")


def redis_is_embedded() -> bool:
    """Tell whether no REDIS_URL was given."""
    return not os.environ.get("REDIS_URL")


def database_url(role: str) -> str:
    """Return the URL for desk_app ("app") or desk_owner ("owner"); the owner's defaults to DATABASE_URL where that is given."""
    given = os.environ.get("DATABASE_URL")
    if role == "owner":
        given = os.environ.get("DATABASE_OWNER_URL") or given
    return given or embedded_database_url(role)


def embedded_database_url(role: str) -> str:
    """Return the URL of the embedded PostgreSQL: a Unix socket, its folder percent-encoded in the place of the host."""
    from tradingdesk.local import postgres

    return postgres.desk_cluster().url(role)


def redis_url() -> str:
    """Return REDIS_URL, or the URL of the embedded Redis on loopback, password included."""
    return os.environ.get("REDIS_URL") or embedded_redis_url()


def embedded_redis_url() -> str:
    """Return the URL of the embedded Redis; its port is chosen once per installation and kept in `var/redis/port`."""
    from tradingdesk.local import redis

    return redis.desk_redis().url()


def secret_key() -> str:
    """Return SECRET_KEY, or this installation's own random one."""
    return os.environ.get("SECRET_KEY") or passwords.secret("secret_key", SECRET_KEY_BYTES)
