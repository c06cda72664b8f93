"""Form fields of the admin that take any input for an answer: what cannot be a key is an error beside the field, never a failure of the page."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from tradingdesk.kernel import money


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


def above_zero(form: forms.ModelForm, *names: str) -> None:
    """An error beside each of these numbers that is zero or less; an empty one says nothing."""
    for name in names:
        value = form.cleaned_data.get(name)
        if value is not None and value <= 0:
            form.add_error(name, f"It must be above zero; {number(value)} is not.")


def not_below_zero(form: forms.ModelForm, *names: str) -> None:
    """An error beside each of these numbers that is less than zero."""
    for name in names:
        value = form.cleaned_data.get(name)
        if value is not None and value < 0:
            form.add_error(name, f"It must not be below zero; {number(value)} is.")


def number(value: Decimal | int) -> str:
    """As people write it."""
    return money.text(Decimal(value)) or ""
