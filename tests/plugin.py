"""Loaded before Django's settings: the tests' own PostgreSQL and Redis are started here unless the environment names others."""

import os

from tests import servers

os.environ.setdefault("SECRET_KEY", "the tests' own key, which protects nothing")

if not os.environ.get("DATABASE_URL"):
    os.environ |= {**servers.start_test_servers(), "DESK_TEST_SERVERS": "own"}
elif os.environ.get("PYTEST_XDIST_WORKER") and os.environ.get("DESK_TEST_SERVERS") == "own":
    os.environ |= servers.worker_redis_until_exit()
