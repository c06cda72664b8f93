"""Addresses of the admin's pages, from its registry."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from tradingdesk.kernel.admin import ReadOnlyAdmin

Registered = tuple[type[Model], ModelAdmin]


def registered() -> list[Registered]:
    """Every registered model with its admin, by name."""
    return sorted(admin.site._registry.items(), key=lambda pair: pair[0]._meta.label)


def address(model: type[Model], page: str, *arguments: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=arguments)


def pages_of(model: type[Model]) -> Iterator[str]:
    """The list, and the page of one row where there is one, with its history where it has one."""
    yield address(model, "changelist")
    row = model._default_manager.first()
    if row is not None:
        yield address(model, "change", row.pk)
        if not isinstance(admin.site._registry[model], ReadOnlyAdmin):
            yield address(model, "history", row.pk)


def as_shown(client: Client, page: str) -> dict[str, Any]:
    """What a form's page would post if nobody touched it, its inlines without rows."""
    context = client.get(page).context
    form = context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    counts = {f"{inline.formset.prefix}-{name}": 0 for inline in context["inline_admin_formsets"] for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    return {name: value for name, value in values.items() if value is not None} | counts
