"""Two commands at the same moment, on connections of their own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection

from tradingdesk.kernel import clock

TIMEOUT_SECONDS = 20


def together(desk: Any, *commands: Callable[[], Any]) -> list[Any]:
    """Runs the commands in threads that start at once, at the desk's time; their results, or the exceptions they raised, in order."""
    barrier = Barrier(len(commands))

    def run(command: Callable[[], Any]) -> Any:
        try:
            with clock.fixed(desk.at):
                barrier.wait(TIMEOUT_SECONDS)
                return command()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(commands)) as pool:
        return [future.result(TIMEOUT_SECONDS) for future in [pool.submit(run, command) for command in commands]]
