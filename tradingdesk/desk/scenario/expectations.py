"""Compares a part of a result with the result: numbers as numbers, mappings by the fields that are named, lists in order and in full. Pure."""

from collections.abc import Iterator
from typing import Any

from tradingdesk.desk.scenario.errors import shown
from tradingdesk.desk.scenario.fields import at, parsed

NOTHING: Any = object()


def differences(expected: Any, got: Any, where: str = "") -> Iterator[str]:
    """One line for each difference: path, what was expected, what is there."""
    if isinstance(expected, dict) and isinstance(got, dict):
        for name, item in expected.items():
            yield from differences(item, got.get(name, NOTHING), at(where, name))
    elif isinstance(expected, list) and isinstance(got, list):
        yield from _of_lists(expected, got, where)
    elif not _is_same(expected, got):
        yield f"{where}: expected {_told(expected)}, got {_told(got)}"


def _of_lists(expected: list[Any], got: list[Any], where: str) -> Iterator[str]:
    if len(expected) != len(got):
        yield f"{where}: expected {len(expected)} entries, got {len(got)}"
    for index, (item, there) in enumerate(zip(expected, got, strict=False)):
        yield from differences(item, there, f"{where}[{index}]")


def _is_same(expected: Any, got: Any) -> bool:
    number, there = _number(expected), _number(got)
    if number is not None and there is not None:
        return bool(number == there)
    return expected is got if expected is None or isinstance(expected, bool) else bool(expected == got)


def _number(value: Any) -> Any:
    return parsed(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else None


def _told(value: Any) -> str:
    if value is NOTHING:
        return "nothing"
    return value if isinstance(value, str) and parsed(value) is not None else shown(value)
