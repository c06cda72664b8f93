"""The benchmarks' own servers under `var/bench`: PostgreSQL as durable as it is by default, freshly migrated, and Redis."""

import os
import re
import subprocess
import sys
from functools import cache

import psycopg

from tests.servers import own_installation, servers_until_exit
from tradingdesk.local import paths
from tradingdesk.local.postgres import Cluster, programs

DATABASE = "bench"
MIGRATED = "bench_migrated"
PGBENCH_DATABASE = "pgbench"
PGBENCH_SCALE = 10  # 1,000,000 accounts
PGBENCH_SECONDS = 5


def cluster() -> Cluster:
    """The benchmarks' cluster."""
    return Cluster(paths.var() / "postgres")


def start() -> None:
    """Points this process at an empty, migrated database of a durable PostgreSQL, as desk_app."""
    os.environ["DESK_VAR"] = str(own_installation("bench"))
    os.environ.update(servers_until_exit(paths.var(), cluster(), DATABASE))
    recreate(DATABASE)
    subprocess.run([sys.executable, "manage.py", "migrate", "--noinput", "-v", "0"], cwd=paths.REPOSITORY, check=True, timeout=300)
    recreate(MIGRATED, template=DATABASE)


def begin_afresh() -> None:
    """Gives this process an empty, migrated database again: what one file's benchmarks left is no load of the next one's."""
    from django.db import connections

    connections.close_all()
    recreate(DATABASE, template=MIGRATED)


def analyze() -> None:
    """Gives the planner the statistics that autovacuum would have gathered on a desk that has run for a while."""
    with psycopg.connect(cluster().url("owner", DATABASE), autocommit=True) as owner:
        for (table,) in owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall():
            owner.execute(f"ANALYZE {table}")


def recreate(database: str, template: str = "template1") -> None:
    """Drops a database and makes it anew, as a copy of another."""
    with psycopg.connect(cluster().url("owner", "postgres"), autocommit=True) as owner:
        owner.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
        owner.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')


@cache
def prepare_pgbench() -> None:
    """Makes pgbench's tables, once per run."""
    recreate(PGBENCH_DATABASE)
    pgbench("-i", "-q", "-s", str(PGBENCH_SCALE))


def pgbench(*arguments: str) -> str:
    """Runs pgbench on the benchmarks' server and returns what it printed."""
    command = [programs() / "pgbench", *arguments, cluster().url("owner", PGBENCH_DATABASE)]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout


def pgbench_tpcb_ms() -> float:
    """The mean time of one TPC-B transaction, one client, in milliseconds: the yardstick of whatever commits one by one."""
    return _figure(r"latency average = ([\d.]+) ms", clients=1)


def pgbench_tpcb_tps(clients: int = 16) -> float:
    """TPC-B transactions per second with so many clients: the yardstick of throughput."""
    return _figure(r"tps = ([\d.]+) ", clients=clients)


def _figure(pattern: str, clients: int) -> float:
    prepare_pgbench()
    printed = pgbench("-n", "-T", str(PGBENCH_SECONDS), "-c", str(clients), "-j", str(min(clients, 2)))
    found = re.search(pattern, printed)
    if found is None:
        raise ValueError(f"pgbench printed something unexpected: {printed}")
    return float(found[1])
