"""The files of a cluster before its server starts: made in one step, and mended after a crash.

`data` appears by a rename once initdb, roles and database are complete, so an interrupted first start leaves only
`data.new`, which is thrown away. Whatever is mended is said in one line.
"""

import contextlib
import hashlib
import os
import shutil
import signal
import time
from pathlib import Path

from tradingdesk.local import LocalError, processes, unprivileged
from tradingdesk.local.postgres import DATABASE, SOCKET_FILE, USERS, Cluster, programs

HBA = "local all all scram-sha-256\n"
LEFTOVER_SIGNALS = (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)  # fast, immediate, without asking
LEFTOVER_PATIENCE_SECONDS = 10


def say(text: str) -> None:
    """Write one line into the log of the server, if there is room for it."""
    with contextlib.suppress(OSError):
        print(f"keeper: {text}", flush=True)


def prepare(cluster: Cluster) -> None:
    """Make or mend everything that PostgreSQL needs for its start. LocalError where only the operator can."""
    unprivileged.own(cluster.socket_folder)
    _check_owner(cluster.socket_folder)
    if not cluster.data.exists():
        _create(cluster)
    _check_owner(cluster.data)
    clear_leftovers(cluster)
    _set_up_roles(cluster)


def clear_leftovers(cluster: Cluster) -> None:
    """End what still works in the data folder and remove the lock files of a server that was killed."""
    _end_leftovers(cluster)
    lock_files = (cluster.data / "postmaster.pid", cluster.socket_folder / f"{SOCKET_FILE}.lock")
    for file in lock_files:
        if file.exists():
            say(f"PostgreSQL had been killed: its stale {file.name} is removed; it recovers from its log.")
            file.unlink()


def _end_leftovers(cluster: Cluster) -> None:
    """A postmaster that lost its keeper is stopped; its orphaned backends end by themselves, or are ended."""
    for signal_number in LEFTOVER_SIGNALS:
        left = processes.working_in(cluster.data)
        if not left:
            return
        say(f"PostgreSQL was left over from an earlier run (process {left[0]}); stopping it.")
        for pid in left:
            processes.send(pid, signal_number)
        _wait_until_left(cluster.data)
    if processes.working_in(cluster.data):
        raise LocalError(f"processes still work in {cluster.data}.")


def _wait_until_left(data: Path) -> None:
    deadline = time.monotonic() + LEFTOVER_PATIENCE_SECONDS
    while processes.working_in(data) and time.monotonic() < deadline:
        time.sleep(0.1)


def _check_owner(folder: Path) -> None:
    user = unprivileged.server_user()
    if folder.stat().st_uid != user.pw_uid:
        raise LocalError(f"{folder} does not belong to {user.pw_name}; run as the user who made it.")


def _create(cluster: Cluster) -> None:
    unfinished = cluster.home / "data.new"
    if unfinished.exists():
        say("A first start of PostgreSQL was interrupted; it begins again.")
        shutil.rmtree(unfinished)
    say(f"Making a new cluster in {cluster.data}.")
    unprivileged.own(unfinished)
    unprivileged.run(programs() / "initdb", *_initdb_arguments(unfinished))
    (unfinished / "pg_hba.conf").write_text(HBA)
    roles = [f"CREATE ROLE {name} LOGIN {'CREATEDB' if role == 'owner' else ''};" for role, name in USERS.items()]
    _single_user(unfinished, [*roles, f"CREATE DATABASE {DATABASE} OWNER {USERS['owner']};"])
    unfinished.rename(cluster.data)


def _initdb_arguments(data: Path) -> list[str]:
    return [
        f"--pgdata={data}",
        "--username=postgres",
        "--auth=trust",  # replaced by HBA before any server runs
        "--encoding=UTF8",
        "--no-locale",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
    ]


def _set_up_roles(cluster: Cluster) -> None:
    """Give the roles what they need and the passwords of `var/secrets`: at the first start, and when any of it changed."""
    statements = [f"ALTER ROLE {name} PASSWORD '{cluster.password(role)}';" for role, name in USERS.items()]
    statements.append(f"GRANT pg_signal_backend TO {USERS['owner']};")  # DROP DATABASE ... WITH (FORCE) ends sessions of desk_app
    wanted = hashlib.sha256("".join(statements).encode()).hexdigest()
    remembered = cluster.home / "roles.sha256"
    if not remembered.exists() or remembered.read_text() != wanted:
        _single_user(cluster.data, statements)
        remembered.write_text(wanted)
        os.chmod(remembered, 0o600)


def _single_user(data: Path, statements: list[str]) -> None:
    """Run statements without a server, before anybody can connect: each is one line (manual, `postgres --single`)."""
    command = (programs() / "postgres", "--single", "-D", data, "-c", "exit_on_error=on", "postgres")
    unprivileged.run(*command, text="\n".join(statements) + "\n")
