"""Reads query parameters; each refusal is INVALID_REQUEST with the field, what came and what is allowed."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import TypeVar

from tradingdesk.kernel.errors import InvalidRequest

E = TypeVar("E", bound=Enum)
LONGEST_ECHO = 64


def required(query: Mapping[str, str], field: str) -> str:
    """A printable text that must be there (PostgreSQL takes no NUL)."""
    value = query.get(field, "")
    if not value or not value.isprintable():
        raise InvalidRequest(f"{field} is required, as printable text.", field=field, value=value[:LONGEST_ECHO])
    return value


def choice(query: Mapping[str, str], field: str, choices: type[E], default: E) -> E:
    """One of an enum's values."""
    value = query.get(field, default.value)
    allowed = [member.value for member in choices]
    if value not in allowed:
        raise InvalidRequest(f"{field} must be one of {', '.join(allowed)}.", field=field, value=value[:LONGEST_ECHO], allowed=allowed)
    return choices(value)


def whole_number(query: Mapping[str, str], field: str, default: int, lowest: int, highest: int) -> int:
    """A whole number within bounds, in plain digits."""
    text = query.get(field, str(default))
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(highest))
    if not is_number or not lowest <= int(text) <= highest:
        message = f"{field} must be a whole number between {lowest} and {highest}."
        raise InvalidRequest(message, field=field, value=text[:LONGEST_ECHO], minimum=lowest, maximum=highest)
    return int(text)


def instant(query: Mapping[str, str], field: str) -> datetime | None:
    """Seconds since 1970 UTC, or nothing."""
    if field not in query:
        return None
    return datetime.fromtimestamp(whole_number(query, field, 0, 0, 99_999_999_999), UTC)
