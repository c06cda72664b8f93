"""`manage.py`: Django's commands, each with the servers and the database role it needs.

Where DATABASE_URL is unset the embedded PostgreSQL is held for the duration of the command: started and stopped with it,
or left to whoever else holds it. Everything runs as desk_app except what changes the schema.
"""

import contextlib
import os

from tradingdesk.kernel.attribution import attributed
from tradingdesk.local import LocalError, addresses, output
from tradingdesk.local.postgres import desk_cluster, programs
from tradingdesk.local.redis import desk_redis

OWNER_COMMANDS = {"migrate", "flush", "sqlmigrate", "sqlflush", "createcachetable"}
WITHOUT_DATABASE = {
    "--help",
    "--version",
    "check",
    "collectstatic",
    "compilemessages",
    "diffsettings",
    "findstatic",
    "help",
    "makemessages",
    "startapp",
    "version",
}
WITH_REDIS = {"run_market", "runserver"}


def main(arguments: list[str]) -> int:
    """Run one command, as `manage.py COMMAND ...`. Exit code 1, after one line, when a server cannot be had."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tradingdesk.settings")
    command = arguments[1] if len(arguments) > 1 else "help"
    try:
        with contextlib.ExitStack() as stack:
            for server in servers(command, arguments):
                stack.enter_context(server)
            execute(command, arguments)
    except (LocalError, TimeoutError) as error:
        output.fail(str(error))
        return 1
    return 0


def servers(command: str, arguments: list[str]) -> list[contextlib.AbstractContextManager[None]]:
    """Return the embedded servers a command needs."""
    if command in WITHOUT_DATABASE and "--database" not in arguments:
        return []
    database = [desk_cluster().held()] if addresses.database_is_embedded() else []
    redis = [desk_redis().held()] if command in WITH_REDIS and addresses.redis_is_embedded() else []
    return [*database, *redis]


def execute(command: str, arguments: list[str]) -> None:
    """Run Django's command in the role it needs; what it changes of the configuration, history tells as its work."""
    if command == "dbshell":
        prepare_dbshell(arguments)
    if command in OWNER_COMMANDS:
        os.environ.setdefault("DESK_DB_ROLE", "owner")
    from django.core.management import execute_from_command_line

    with attributed(reason=f"manage.py {command}"):
        execute_from_command_line(arguments)


def prepare_dbshell(arguments: list[str]) -> None:
    """Let dbshell find the embedded psql, and take `--owner` for a shell as desk_owner."""
    if addresses.database_is_embedded():
        os.environ["PATH"] = f"{programs()}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    if "--owner" in arguments:
        arguments.remove("--owner")
        os.environ["DESK_DB_ROLE"] = "owner"
