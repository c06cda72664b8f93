"""How one value of a file is read: numbers, words, days, lists, records of named fields. Pure.

A reader takes a value of the tree and where it stands, and returns what it means or raises ScenarioError. Limits are those of the columns that will hold it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import Any

from tradingdesk.desk.scenario.errors import NotSupportedYet, ScenarioError, printable, shown
from tradingdesk.desk.scenario.tree import Plain
from tradingdesk.kernel import money
from tradingdesk.kernel.errors import InvalidRequest

Reader = Callable[[Any, str], Any]
REQUIRED: Any = object()
NUMBER_LETTERS = 64
TIME = re.compile(r"\d\d:\d\d(:\d\d(\.\d{1,6})?)?", re.ASCII)
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@dataclass(frozen=True)
class Field:
    """A named field: how it is read and what it is when it is left out. One of a later release is read, to be refused, and not passed on."""

    read: Reader
    default: Any = REQUIRED
    is_later: bool = False


def record(fields: Mapping[str, Field], make: Callable[..., Any]) -> Reader:
    """A mapping of these fields and no others; `make` gets them by name. Null stands for a mapping without any field."""

    def read(value: Any, where: str) -> Any:
        given = mapping(value if value is not None else {}, where)
        if unknown := [name for name in given if name not in fields]:
            raise ScenarioError(at(where, unknown[0]), "unknown field", f"one of {', '.join(fields)}")
        values = {name: _field(field, given, name, where) for name, field in fields.items()}
        return make(**{name: value for name, value in values.items() if not fields[name].is_later})

    return read


def _field(field: Field, given: Mapping[str, Any], name: str, where: str) -> Any:
    if name in given:
        return field.read(given[name], at(where, name))
    if field.default is REQUIRED:
        raise ScenarioError(at(where, name), "is missing")
    return field.default


def at(where: str, name: str) -> str:
    """The place of a field in what stands at `where`."""
    told = printable(name)
    return f"{where}.{told}" if where else told


def mapping(value: Any, where: str) -> dict[str, Any]:
    """A mapping."""
    if not isinstance(value, dict):
        raise ScenarioError(where, f"{shown(value)} is not a mapping", "named fields")
    return value


def mapping_of(read_value: Reader) -> Reader:
    """A mapping from names (symbols, ids) to values of one kind."""
    return lambda value, where: {name: read_value(item, at(where, name)) for name, item in mapping(value, where).items()}


def list_of(read_item: Reader, *, at_least: int = 0, most: int = 1000) -> Reader:
    """A list of one kind, as a tuple."""

    def read(value: Any, where: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise ScenarioError(where, f"{shown(value)} is not a list", "a list")
        if not at_least <= len(value) <= most:
            raise ScenarioError(where, f"has {len(value)} entries", f"{at_least} to {most}" if len(value) > most else f"at least {at_least}")
        return tuple(read_item(item, f"{where}[{index}]") for index, item in enumerate(value))

    return read


def optional(read_value: Reader) -> Reader:
    """The same, or null."""
    return lambda value, where: None if value is None else read_value(value, where)


def number(*, above: int | None = None, at_least: int | None = None, digits: int = 14, places: int = 6) -> Reader:
    """An exact decimal, quoted or not, with at most so many digits before and after the point."""
    low = f" above {above}" if above is not None else f" of at least {at_least}" if at_least is not None else ""
    expected = f"a decimal number{low} with at most {digits} digits before and {places} after the point"

    def read(value: Any, where: str) -> Decimal:
        found = parsed(value)
        if found is None or (above is not None and found <= above) or (at_least is not None and found < at_least):
            raise ScenarioError(where, f"{shown(value)} will not do", expected)
        if abs(found) >= Decimal(10) ** digits or found != found.quantize(Decimal(1).scaleb(-places), context=money.WIDE):
            raise ScenarioError(where, f"{shown(value)} has too many digits", expected)
        return found

    return read


def parsed(value: Any) -> Decimal | None:
    """The number a value of the tree is written as; None when it is none."""
    if not isinstance(value, str) or len(value) > NUMBER_LETTERS:
        return None
    try:
        return money.parse(value, "number")
    except InvalidRequest:
        return None


def text(*, letters: int, pattern: str = r"[^\x00-\x1f\x7f]+") -> Reader:
    """A text on one line; a plain number is text too where a name is meant."""
    allowed = re.compile(pattern)

    def read(value: Any, where: str) -> str:
        found = str(value).strip() if isinstance(value, str) else ""
        if not 0 < len(found) <= letters or not allowed.fullmatch(found) or not found.isprintable():
            raise ScenarioError(where, f"{shown(value)} will not do", f"a text of 1 to {letters} printable letters")
        return found

    return read


def word(*words: str, later: tuple[str, ...] = ()) -> Reader:
    """One of the allowed words; those of a later release are told apart from what is no word of the format."""

    def read(value: Any, where: str) -> str:
        if isinstance(value, str) and value in words:
            return str(value)
        if isinstance(value, str) and value in later:
            raise NotSupportedYet(where, value)
        raise ScenarioError(where, f"{shown(value)} will not do", " or ".join((*words, *later)))

    return read


def later(default: Any) -> Field:
    """A field of a later release: its default is fine, everything else is not supported yet."""

    def read(value: Any, where: str) -> Any:
        same = parsed(value) == default if isinstance(default, Decimal) else value is default or (isinstance(default, str) and value == default)
        if not same:
            raise NotSupportedYet(where)
        return default

    return Field(read, default, is_later=True)


def flag(value: Any, where: str) -> bool:
    """true or false."""
    if isinstance(value, bool):
        return value
    raise ScenarioError(where, f"{shown(value)} will not do", "true or false")


def day(value: Any, where: str) -> date:
    """A calendar day, YYYY-MM-DD."""
    if isinstance(value, str) and not isinstance(value, Plain) and DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise ScenarioError(where, f"{shown(value)} is not a day", "YYYY-MM-DD")


def clock_time(value: Any, where: str) -> time:
    """A time of day, HH:MM or HH:MM:SS."""
    if isinstance(value, str) and TIME.fullmatch(value):
        try:
            return time.fromisoformat(value)
        except ValueError:
            pass
    raise ScenarioError(where, f"{shown(value)} is not a time of day", "HH:MM:SS")
