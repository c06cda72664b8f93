"""Reads what programs send: objects with known fields, lists of a bounded length, query parameters. Everything else is an InvalidRequest."""

from collections.abc import Collection, Mapping
from typing import Any

from tradingdesk.kernel.errors import InvalidRequest

MAX_SHOWN = 64  # characters of a bad value that are repeated in the refusal
MAX_ID = 2**63 - 1  # of a bigint


def json_object(body: Any, allowed: Collection[str]) -> dict[str, Any]:
    """A JSON object with none but the allowed fields."""
    if not isinstance(body, dict):
        raise InvalidRequest("A JSON object is expected.", received=_kind(body))
    unknown = sorted(str(name)[:MAX_SHOWN] for name in set(body) - set(allowed))
    if unknown:
        raise InvalidRequest("There are unknown fields.", unknown=unknown, allowed=sorted(allowed))
    return body


def json_list(body: Any, maximum: int) -> list[Any]:
    """A JSON list of 1 to `maximum` members."""
    if not isinstance(body, list):
        raise InvalidRequest("A JSON list is expected.", received=_kind(body))
    if not 1 <= len(body) <= maximum:
        raise InvalidRequest(f"The list must have 1 to {maximum} members.", members=len(body), maximum=maximum)
    return body


def query(parameters: Mapping[str, str], allowed: Collection[str]) -> dict[str, str]:
    """The query parameters, none but the allowed ones: a mistyped filter must not be an absent one."""
    unknown = sorted(name[:MAX_SHOWN] for name in set(parameters) - set(allowed))
    if unknown:
        raise InvalidRequest("There are unknown parameters.", unknown=unknown, allowed=sorted(allowed))
    return {name: parameters[name] for name in parameters}


def whole(value: str | None, name: str, *, default: int | None = None, maximum: int = MAX_ID) -> int | None:
    """A whole number from 1 to `maximum`; `default` where it is absent."""
    if value is None:
        return default
    if not (value.isascii() and value.isdigit() and len(value) <= len(str(MAX_ID)) and 1 <= int(value) <= maximum):
        raise InvalidRequest(f"{name} must be a whole number from 1 to {maximum}.", field=name, value=value[:MAX_SHOWN], maximum=maximum)
    return int(value)


def choice(value: str | None, name: str, allowed: Collection[str]) -> str | None:
    """One of the allowed words; None where it is absent."""
    if value is not None and value not in allowed:
        raise InvalidRequest(f"{name} must be one of {', '.join(allowed)}.", field=name, value=value[:MAX_SHOWN])
    return value


def _kind(body: Any) -> str:
    return {list: "list", dict: "object", str: "text", bool: "boolean", type(None): "null"}.get(type(body), "number")
