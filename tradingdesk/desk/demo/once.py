"""Creates what is absent and never touches what is there: an operator's edit survives every start."""

from typing import Any, TypeVar

from django.db.models import Model

REASON = "Demo desk"
M = TypeVar("M", bound=Model)


def create_once(model: type[M], lookup: dict[str, Any], **values: Any) -> tuple[M, bool]:
    """The row that answers to `lookup`, made with `values` where it was absent; tells whether it was made."""
    found = model._default_manager.filter(**lookup).first()
    if found is not None:
        return found, False
    made = model(**lookup, **values)
    made.save()
    return made, True
