"""Form fields of the admin that take any input for an answer: what cannot be a key is an error beside the field, never a failure of the page."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError


class RowChoice(forms.ModelChoiceField):
    """Shows the chosen row again; Django's autocomplete asks the database for whatever was sent, letters for a number included."""

    def prepare_value(self, value: Any) -> Any:
        shown = super().prepare_value(value)
        return shown if _may_be_key(self, shown) else None


class RowsChoice(forms.ModelMultipleChoiceField):
    """The same for any number of rows."""

    def prepare_value(self, value: Any) -> Any:
        shown = super().prepare_value(value)
        return [one for one in shown if _may_be_key(self, one)] if isinstance(shown, (list, tuple)) else shown

    def clean(self, value: Any) -> Any:
        # Django cleans what it would show: without this, what is not shown would be forgiven.
        for one in value or ():
            if not _may_be_key(self, one):
                raise ValidationError(self.error_messages["invalid_pk_value"], code="invalid_pk_value", params={"pk": one})
        return super().clean(value)


def _may_be_key(field: Any, value: Any) -> bool:
    key = field.queryset.model._meta.get_field(field.to_field_name) if field.to_field_name else field.queryset.model._meta.pk
    try:
        key.run_validators(key.to_python(value))
    except ValidationError:
        return False
    return True
