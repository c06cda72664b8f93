"""`manage.py run_scenario`: exit statuses, one document per file, and what people read."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, process_time
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command

from tests.conftest import OwnDatabase
from tradingdesk.desk.scenario import databases, layout, scratch
from tradingdesk.kernel import dispatch

FILES = Path(__file__).parent / "files"
COPPER, GOLD = FILES / "cn_cu_2004.yaml", FILES / "us_gc_1750.json"
WAIT_SECONDS = 60


def run(*arguments: Any) -> int:
    """The command's exit status."""
    try:
        call_command("run_scenario", *map(str, arguments))
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


@pytest.fixture
def written(tmp_path: Path) -> Any:
    """A scenario like COPPER with something replaced, in a file of this name."""

    def write(name: str, before: str = "", after: str = "") -> Path:
        text = COPPER.read_text()
        assert before in text
        file = tmp_path / name
        file.write_text(text.replace(before, after))
        return file

    return write


def test_all_held_is_zero_and_each_file_is_one_document_in_order(scenario_desk: OwnDatabase, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(COPPER, GOLD, "--json") == 0
    told = capsys.readouterr()
    documents = [json.loads(line) for line in told.out.splitlines()]
    assert [document["name"] for document in documents] == ["CN-CU-2004", "US-GC-1750"]
    assert told.err == ""
    for document in documents:
        assert set(document) == set(layout.RESULT)
        layout.expectation(document, "")


def test_numbers_are_text_without_exponent_or_trailing_zeros(scenario_desk: OwnDatabase, capsys: pytest.CaptureFixture[str]) -> None:
    run(COPPER, "--json")
    document = json.loads(capsys.readouterr().out)
    day = document["settlements"][0]["accounts"]["A"]
    assert (document["settlements"][0]["day"], document["settlements"][0]["prices"]) == (1, {"CU": "14900"})
    assert (day["closing_balance"], day["holding_pnl"], day["risk_degree"], day["fees"]) == ("202500", "-2500", "9.2", "0")
    assert document["orders"]["step-0"]["freeze"] == {"margin": "37500", "fee": "0", "captured": "37500", "released": "0"}
    assert (document["auctions"], document["risk"], document["liquidations"]) == ([], [], [])


def test_an_expectation_that_fails_is_one_and_every_difference_is_told(
    scenario_desk: OwnDatabase, written: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written("wrong.yaml", "realised_pnl: 5000, holding_pnl: -2500", "realised_pnl: 5001, holding_pnl: -2500.00")
    assert run(file, COPPER, "--json") == 1
    told = capsys.readouterr()
    assert told.err.splitlines() == [f"{file}: steps[3].expect.settlements[0].accounts.A.realised_pnl: expected 5001, got 5000"]
    assert len(told.out.splitlines()) == 2


def test_a_run_goes_on_after_an_expectation_that_fails(scenario_desk: OwnDatabase, written: Any, capsys: pytest.CaptureFixture[str]) -> None:
    file = written("early.yaml", "  - settle", "  - expect: {fills: [{}], accounts: {A: {balance: 1, margin: 37500}}}\n  - settle")
    assert run(file, "--json") == 1
    told = capsys.readouterr()
    assert told.err.splitlines() == [
        f"{file}: steps[2].expect.fills: expected 1 entries, got 2",
        f"{file}: steps[2].expect.accounts.A.balance: expected 1, got 205000",
        f"{file}: steps[2].expect.accounts.A.margin: expected 37500, got 18750",
    ]
    assert len(json.loads(told.out)["settlements"]) == 1


def test_an_invalid_file_is_two_and_stops_no_other(
    scenario_desk: OwnDatabase, written: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = written("wrong.yaml", "realised_pnl: 5000", "realised_pnl: 5001")
    broken, absent = written("broken.yaml", "price: 15200", "price: high"), tmp_path / "absent.yaml"
    assert run(broken, COPPER, absent, wrong, "--json") == 2
    told = capsys.readouterr()
    documents = [json.loads(line) for line in told.out.splitlines()]
    assert documents[0] == {
        "name": "CN-CU-2004",
        "file": str(broken),
        "error": 'steps[1].trade.price: "high" will not do; expected a decimal number above 0 with at most 14 digits before and 6 after the point',
    }
    assert documents[2] == {"name": None, "file": str(absent), "error": "there is no such file; expected a scenario file in JSON or YAML"}
    assert [document["name"] for document in (documents[1], documents[3])] == ["CN-CU-2004", "CN-CU-2004"]
    assert [line.partition(": ")[0] for line in told.err.splitlines()] == [str(broken), str(absent), str(wrong)]


def test_a_step_that_the_desk_cannot_take_makes_the_file_invalid(
    scenario_desk: OwnDatabase, written: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written("greedy.yaml", "steps:\n", "steps:\n  - cash: {account: A, amount: -200000.01}\n")
    assert run(file) == 2
    assert capsys.readouterr().err == f"{file}: steps[0].cash: 200,000.01 CNY are asked for, 200,000.00 can be withdrawn.\n"


def test_amounts_beyond_the_books_make_the_file_invalid(scenario_desk: OwnDatabase, written: Any, capsys: pytest.CaptureFixture[str]) -> None:
    file = written("huge.yaml", "multiplier: 5", "multiplier: 500000000000")
    file.write_text(file.read_text().replace("initial_margin_rate: 0.05", "initial_margin_rate: 0").replace("price: 15200", "price: 99999999999999"))
    assert run(file) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{file}: steps[1].trade: ")
    assert line.endswith("; expected smaller prices or quantities")


def test_tables_tell_people_what_came_out(scenario_desk: OwnDatabase, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(COPPER) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["CN-CU-2004", "=========="]
    headings = ["Orders", "Fills", "Last prices", "Settlement of day 1 at CU 14,900", "Accounts", "Positions"]
    assert [line for line in lines if line in headings] == headings
    assert "  available                    183,875" in lines
    account = next(lines[place + 3] for place, line in enumerate(lines) if line == "Accounts")
    assert account.split() == ["A", "202,500", "0", "18,625", "0", "202,500", "183,875", "1,087.25", "NORMAL", "5,000", "0"]


def test_nothing_of_a_scratch_run_is_told_to_the_desk(scenario_desk: OwnDatabase) -> None:
    listener = dispatch.client().pubsub(ignore_subscribe_messages=True)
    listener.psubscribe("desk:*")
    assert listener.get_message(timeout=1) is None
    assert run(GOLD) == 0
    assert listener.get_message(timeout=0.2) is None
    dispatch.publish({"desk:market:0": "{}"})  # the listener does hear
    assert listener.get_message(timeout=5)["channel"] == b"desk:market:0"
    listener.close()


@pytest.fixture
def started(scenario_desk: OwnDatabase) -> Iterator[Any]:
    """Starts the command as a process of its own, which does not outlive the test."""
    processes: list[subprocess.Popen[str]] = []

    def start(*arguments: Any) -> subprocess.Popen[str]:
        command = [sys.executable, "manage.py", "run_scenario", *map(str, arguments)]
        environment = os.environ | scenario_desk.environment
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        processes.append(subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, text=True, **pipes))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def scratch_numbers() -> list[int]:
    with databases.owner_session() as owner:
        return [number for number in databases.numbers(owner) if number < scratch.TEMPLATES]


def wait_for(condition: Any) -> None:
    deadline = monotonic() + WAIT_SECONDS
    while not condition():
        assert monotonic() < deadline


@pytest.fixture
def long(tmp_path: Path) -> Path:
    """A scenario that takes minutes."""
    file = tmp_path / "long.json"
    quotes = [{"quote": {"symbol": "GC", "last": 1750}}] * 20_000
    file.write_text(json.dumps(json.loads(GOLD.read_text()) | {"steps": quotes}))
    return file


def connections_to_scratch() -> list[int]:
    with databases.owner_session() as owner:
        names = [databases.name(number) for number in databases.numbers(owner)]
        return [row[0] for row in owner.execute("SELECT pid FROM pg_stat_activity WHERE datname = ANY(%s)", [names]).fetchall()]


def test_a_database_that_goes_away_is_said_in_one_line(scenario_desk: OwnDatabase, started: Any, long: Path) -> None:
    process = started(long)
    wait_for(connections_to_scratch)
    with psycopg.connect(scenario_desk.url.replace(scenario_desk.name, "postgres")) as app:  # the role may end its own connections
        app.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) pid", [connections_to_scratch()])
    told = process.communicate(timeout=WAIT_SECONDS)[1]
    assert (process.returncode, len(told.splitlines())) == (2, 1)
    assert told.startswith(f"{long}: ")
    assert "Traceback" not in told
    assert scratch_numbers() == []


@pytest.mark.parametrize(("number", "is_dropped"), [(signal.SIGINT, True), (signal.SIGTERM, True), (signal.SIGKILL, False)])
def test_an_interrupted_run_drops_its_database_and_a_killed_ones_is_dropped_by_the_next(
    started: Any, long: Path, number: signal.Signals, is_dropped: bool
) -> None:
    process = started(long)
    wait_for(scratch_numbers)
    process.send_signal(number)
    _, told = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == (128 + number if is_dropped else -number)
    assert told == ""
    assert (scratch_numbers() == []) == is_dropped
    assert run(GOLD) == 0
    wait_for(lambda: scratch_numbers() == [])


def test_runs_beside_each_other_do_not_meet(started: Any) -> None:
    processes = [started(GOLD, COPPER, "--json") for _ in range(2)]
    told = [process.communicate(timeout=WAIT_SECONDS) for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert told[0] == told[1]
    assert scratch_numbers() == []


def test_a_small_file_is_quick_once_the_template_is_there(scenario_desk: OwnDatabase) -> None:
    run(GOLD)
    begun, worked = monotonic(), process_time()
    assert run(GOLD) == 0
    print(f"a small file: {monotonic() - begun:.2f} s, of which {process_time() - worked:.2f} s are worked here")
    assert process_time() - worked < 1  # whoever else is busy on this machine
