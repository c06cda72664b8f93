"""The only place that reads the wall clock; tests and replays set it with `fixed`."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_fixed: ContextVar[datetime | None] = ContextVar("desk_clock", default=None)


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return _fixed.get() or datetime.now(UTC)


@contextmanager
def fixed(at: datetime) -> Iterator[None]:
    """Within the block, `now()` is `at`, in this thread or task alone."""
    token = _fixed.set(at)
    try:
        yield
    finally:
        _fixed.reset(token)
