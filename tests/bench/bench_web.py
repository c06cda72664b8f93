"""What a web process takes after a working day's mix of requests: Daphne as the desk runs it, pages, partials, back office and REST."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from accounts.models import User
from tests.bench.registry import bench
from tests.factories.desk import make_desk

ROUNDS = 40
START_SECONDS = 30
BACKEND = "django.contrib.auth.backends.ModelBackend"


def signed_in(user: User) -> str:
    """A session cookie."""
    session = SessionStore()
    session.update({SESSION_KEY: str(user.pk), BACKEND_SESSION_KEY: BACKEND, HASH_SESSION_KEY: user.get_session_auth_hash()})
    session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def get(port: int, path: str, cookie: str) -> None:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Cookie": cookie})
    with urllib.request.urlopen(request, timeout=30) as response:
        response.read()
        assert response.status == 200, path


def wait_until_up(port: int) -> None:
    for _ in range(START_SECONDS * 10):
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("the web process did not start")


def resident_megabytes(pid: int) -> float:
    """What the process holds in memory now."""
    line = next(x for x in Path(f"/proc/{pid}/status").read_text().splitlines() if x.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


@bench("web_process_memory", unit="MB", target=300.0)
def web_process_memory() -> float:
    """After every page, partial, list and the API, forty times over."""
    desk = make_desk(market_code="WEB")
    account = desk.account("1000000")
    for _ in range(20):
        desk.buy(account)
    staff = User.objects.create_superuser("web-bench")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "tradingdesk.asgi:application"]
    web = subprocess.Popen(command, env={**os.environ, "LOG_LEVEL": "ERROR"}, stdout=subprocess.DEVNULL)
    try:
        wait_until_up(port)
        trader, clerk = signed_in(desk.trader), signed_in(staff)
        trade, api = f"/trade/{account.number}/", "/api/v1"
        for _ in range(ROUNDS):
            for path in (trade, f"{trade}live/", f"{trade}book/", f"{api}/orders/", f"{api}/bars/?market=WEB&instrument={desk.gold.symbol}"):
                get(port, path, trader)
            for path in ("/admin/", "/admin/orders/order/", "/admin/accounts/account/", "/admin/accounts/entry/", "/admin/quotes/ticks/"):
                get(port, path, clerk)
        return resident_megabytes(web.pid)
    finally:
        web.terminate()
        web.wait(10)
