from pathlib import Path

import pytest

from tradingdesk.local.output import LONGEST_LINE_BYTES, Lines, Log, Tail


def test_lines_wait_for_their_end() -> None:
    lines = Lines()
    assert lines.feed(b"one\ntw") == ["one"]
    assert lines.feed(b"o\n\n") == ["two"]


def test_endless_line_is_cut() -> None:
    assert len(Lines().feed(b"x" * (LONGEST_LINE_BYTES + 1))) == 1


def test_bytes_that_are_no_text_do_no_harm() -> None:
    assert Lines().feed(b"a\xff\n") == ["a�"]


def test_tail_reads_what_is_added(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_text("old\n")
    tail = Tail(file)
    assert tail.read() == []
    file.write_text("old\nnew\n")
    assert tail.read() == ["new"]
    file.write_text("cut\n")
    assert tail.read() == ["cut"]


def test_tail_of_a_file_that_comes_later(tmp_path: Path) -> None:
    tail = Tail(tmp_path / "log")
    assert tail.read() == []
    (tmp_path / "log").write_text("first\n")
    assert tail.read() == ["first"]


def test_log_and_terminal_carry_the_name(installation: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = Log()
    log.line("web", "hello")
    log.announce("secret")
    assert capsys.readouterr().out == "web        | hello\nsecret\n"
    kept = (installation / "log" / "desk.log").read_text()
    assert kept.endswith(" web        | hello\n")
    assert "secret" not in kept
