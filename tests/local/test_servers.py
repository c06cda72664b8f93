"""Real servers and processes, of an installation of the test's own."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tradingdesk.local import processes
from tradingdesk.local.postgres import Cluster, desk_cluster
from tradingdesk.local.redis import desk_redis

pytestmark = pytest.mark.setup
START_SECONDS = 5


def wait_until(condition: Callable[[], bool], timeout_seconds: float = 20) -> None:
    """Returns once the condition holds; fails the test when it does not in time."""
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def current_user(cluster: Cluster, role: str) -> str:
    with psycopg.connect(cluster.url(role), connect_timeout=5) as connection:
        return str(connection.execute("SELECT current_user").fetchone()[0])  # type: ignore[index]


def postgres_pid(cluster: Cluster) -> int:
    return int(str(cluster.state()["postgres"]))


def test_is_up_while_held_and_gone_afterwards(installation: Path) -> None:
    cluster = desk_cluster()
    with cluster.held():
        pid = postgres_pid(cluster)
        assert current_user(cluster, "app") == "desk_app"
        assert current_user(cluster, "owner") == "desk_owner"
    assert not processes.is_alive(pid)
    assert not cluster.is_kept()


def test_second_start_is_quick_and_finds_its_data(installation: Path) -> None:
    cluster = desk_cluster()
    with cluster.held(), psycopg.connect(cluster.url("owner")) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    begun = time.monotonic()
    with cluster.held(), psycopg.connect(cluster.url("owner")) as connection:
        assert time.monotonic() - begun < START_SECONDS
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)


def test_roles_cannot_connect_without_their_password(installation: Path) -> None:
    cluster = desk_cluster()
    with cluster.held():
        wrong = cluster.url("app").replace(cluster.password("app"), "wrong")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)


def test_app_role_is_no_superuser_and_owns_nothing(installation: Path) -> None:
    cluster = desk_cluster()
    with cluster.held(), psycopg.connect(cluster.url("app")) as connection:
        row = connection.execute("SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user").fetchone()
        assert row == (False, False, False)


def test_owner_can_drop_a_database_the_app_is_connected_to(installation: Path) -> None:
    cluster = desk_cluster()
    with cluster.held(), psycopg.connect(cluster.url("owner", "postgres"), autocommit=True) as owner:
        owner.execute("CREATE DATABASE spare")
        with psycopg.connect(cluster.url("app", "spare")):
            owner.execute("DROP DATABASE spare WITH (FORCE)")


def test_first_to_leave_does_not_stop_it_under_the_second(installation: Path) -> None:
    cluster = desk_cluster()
    with cluster.held():
        pid = postgres_pid(cluster)
        with cluster.held():
            assert postgres_pid(cluster) == pid
        assert current_user(cluster, "app") == "desk_app"
    assert not processes.is_alive(pid)


def test_killed_server_is_started_again(installation: Path) -> None:
    cluster = desk_cluster()
    with cluster.held():
        pid = postgres_pid(cluster)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: cluster.is_ready() and postgres_pid(cluster) != pid)
        assert current_user(cluster, "app") == "desk_app"


def test_killed_keeper_leaves_no_server_behind(installation: Path) -> None:
    cluster = desk_cluster()
    with cluster.held():
        pid = postgres_pid(cluster)
        os.kill(int(str(cluster.state()["keeper"])), signal.SIGKILL)
        wait_until(lambda: not processes.is_alive(pid))
        cluster.ensure_started()
        assert current_user(cluster, "app") == "desk_app"


def test_stale_pid_file_with_the_number_of_a_living_process_is_removed(installation: Path) -> None:
    cluster = desk_cluster()
    with cluster.held():
        pass
    (cluster.data / "postmaster.pid").write_text(f"{os.getpid()}\n{cluster.data}\n")
    with cluster.held():
        assert current_user(cluster, "app") == "desk_app"
    assert "stale postmaster.pid is removed" in cluster.log.read_text()


def test_half_made_cluster_is_begun_again(installation: Path) -> None:
    cluster = desk_cluster()
    cluster.folder.mkdir(parents=True)
    (cluster.home / "data.new").mkdir()
    (cluster.home / "data.new" / "PG_VERSION").write_text("1")
    with cluster.held():
        assert current_user(cluster, "app") == "desk_app"
    assert "A first start of PostgreSQL was interrupted" in cluster.log.read_text()


def test_lost_passwords_are_made_anew(installation: Path) -> None:
    cluster = desk_cluster()
    with cluster.held():
        pass
    for file in (installation / "secrets").glob("postgres-*"):
        file.unlink()
    with cluster.held():
        assert current_user(cluster, "owner") == "desk_owner"


def test_redis_is_up_while_held_and_wants_its_password(installation: Path) -> None:
    import redis

    server = desk_redis()
    with server.held():
        assert redis.Redis.from_url(server.url()).ping()
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=server.port()).ping()
    assert not server.is_ready()


def test_redis_gives_way_on_a_port_that_was_taken(installation: Path) -> None:
    import socket

    server = desk_redis()
    taken = server.port()
    with socket.create_server(("127.0.0.1", taken)), server.held():
        assert server.port() != taken
        assert server.is_ready()
