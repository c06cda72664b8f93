"""What is wrong with a scenario: where, what, and what was expected instead; one line for people."""

from typing import Any

SHOWN_LETTERS = 48


class ScenarioError(Exception):
    """The file cannot be run. `where` names step index and field, as in `steps[3].order.price`; empty for the file as a whole."""

    def __init__(self, where: str, problem: str, expected: str = "") -> None:
        super().__init__(where, problem, expected)
        self.where, self.problem, self.expected = where, problem, expected

    def __str__(self) -> str:
        line = f"{self.where}: {self.problem}" if self.where else self.problem
        return " ".join(f"{line}; expected {self.expected}".split() if self.expected else line.split())


class NotSupportedYet(ScenarioError):
    """A field or word of the format that a later release brings."""

    def __init__(self, where: str, what: str = "") -> None:
        super().__init__(where, f"{what} is not supported yet" if what else "not supported yet")


def shown(value: Any) -> str:
    """A value as a message shows it: short, on one line, printable."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return f'"{printable(str(value))}"'


def printable(text: str) -> str:
    """A text of a file, cut short and without what a terminal or a document would not take."""
    short = text if len(text) <= SHOWN_LETTERS else f"{text[:SHOWN_LETTERS]}…"
    return "".join(letter if letter.isprintable() else "�" for letter in short)
