"""Who changes things, why, and on which request: set once where work begins, recorded on every history row by `kernel.history`.

A request sets its person and its id, a task its name and its id, a command its name; a service that knows better sets more. Nothing here touches the
database: setting it costs nothing where nothing that people configure is changed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Attribution:
    """`actor` is a user's id, or what tells it when it is needed; none: the desk itself."""

    actor: int | Callable[[], int | None] | None = None
    reason: str = ""
    request_id: str = ""

    @property
    def actor_id(self) -> int | None:
        """The user's id, asked for now."""
        return self.actor() if callable(self.actor) else self.actor


NOBODY = Attribution()
_current: ContextVar[Attribution] = ContextVar("desk_attribution", default=NOBODY)


def current() -> Attribution:
    """What holds here, in this thread or task."""
    return _current.get()


@contextmanager
def attributed(*, actor: int | Callable[[], int | None] | None = None, reason: str = "", request_id: str = "") -> Iterator[None]:
    """Within the block, changes are this person's, for this reason, on this request; what is not given stays as it was outside."""
    given: dict[str, Any] = {"actor": actor, "reason": reason, "request_id": request_id}
    token = _current.set(replace(current(), **{name: value for name, value in given.items() if value not in (None, "")}))
    try:
        yield
    finally:
        _current.reset(token)
