"""Loaded before Django's settings: the tests' own PostgreSQL and Redis are started here unless the environment names others."""

import os

os.environ.setdefault("SECRET_KEY", "the tests' own key, which protects nothing")

if not os.environ.get("DATABASE_URL"):
    from tests.servers import start_test_servers

    os.environ.update(start_test_servers())
