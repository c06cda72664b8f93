import os
import socket
from pathlib import Path

import pytest

from tradingdesk.local import LocalError, checks, leftovers, processes, setup
from tradingdesk.local.output import Log


def test_unchanged_files_have_the_same_fingerprint(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("a==1\n")
    before = setup.fingerprint([file], "3.11")
    assert setup.fingerprint([file], "3.11") == before
    assert setup.fingerprint([file], "3.12") != before
    file.write_text("a==2\n")
    assert setup.fingerprint([file], "3.11") != before


def test_missing_stamp_means_not_done(tmp_path: Path) -> None:
    assert not setup.is_stamped(tmp_path / "stamp", "x")


@pytest.mark.parametrize("text", ["", "0", "65536", "-1", "web", "80.0"])
def test_refuses_what_is_no_port(text: str) -> None:
    with pytest.raises(LocalError, match="is not a port"):
        checks.port_number(text)


def test_busy_port_is_one_line_with_a_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(LocalError, match=rf"^Port {port} is in use; choose another: make run PORT=\d+$"):
            checks.check_port(port)


def test_unreachable_database_is_one_line() -> None:
    with pytest.raises(LocalError, match=r"^The database of DATABASE_URL cannot be reached: [^\n]+$"):
        checks.check_database("postgresql://nobody@127.0.0.1:1/none")


def test_unreachable_redis_is_one_line() -> None:
    with pytest.raises(LocalError, match=r"^The Redis of REDIS_URL cannot be reached: [^\n]+$"):
        checks.check_redis("redis://127.0.0.1:1/0")


def test_number_of_another_process_is_left_alone(installation: Path) -> None:
    # given a record whose number belongs, by now, to us
    leftovers.write(8000, {})
    record = leftovers.record_file()
    started = (processes.started_at(os.getpid()) or 0) - 1
    record.write_text(f'{{"supervisor": 1, "port": 8000, "children": {{"web": [{os.getpid()}, {started}]}}}}')
    # when the next run clears up, then we are still here and the record has gone
    leftovers.clear(Log())
    assert not record.exists()


def test_broken_record_is_no_obstacle(installation: Path) -> None:
    leftovers.record_file().write_text("{")
    leftovers.clear(Log())
    assert leftovers.read() == {}
