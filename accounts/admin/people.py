"""Users and the groups of their roles. Nobody gives themselves a role, and only a superuser touches a superuser."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.forms import ModelForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts.models import User
from accounts.roles import enters_admin
from tradingdesk.kernel.admin import HistoriedAdmin, ReadOnlyAdmin, register_changes

admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, HistoriedAdmin):
    """`is_staff` follows from the roles; permissions come from roles alone."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "first_name", "last_name", "email", "roles", "is_active", "is_staff", "last_login"]
    list_filter = ["groups", "is_active", "is_staff"]
    readonly_fields = ["is_staff", "is_superuser", "last_login", "date_joined"]
    filter_horizontal = []
    autocomplete_fields = ["groups"]
    fieldsets = [
        (None, {"fields": [("username", "password")]}),
        ("Person", {"fields": [("first_name", "last_name"), "email"]}),
        ("Access", {"fields": ["groups", ("is_active", "is_staff", "is_superuser")]}),
        ("Dates", {"fields": [("last_login", "date_joined")]}),
    ]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description="roles")
    def roles(self, user: User) -> str:
        return ", ".join(group.name for group in user.groups.all()) or "–"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def readonly_names(self, request: HttpRequest, obj: Any = None) -> Iterable[Any]:
        own = obj is not None and obj.pk == request.user.pk and not request.user.is_superuser
        return [*self.readonly_fields, *(["groups", "is_active"] if own else [])]

    def save_related(self, request: HttpRequest, form: ModelForm, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        user = form.instance
        is_staff = user.is_superuser or enters_admin(user.groups.values_list("name", flat=True))
        if is_staff != user.is_staff:
            user.is_staff = is_staff
            user.save(update_fields=["is_staff"])


@admin.register(Group)
class GroupAdmin(ReadOnlyAdmin):
    """Roles are defined in `accounts.roles` and installed with each migration; here one sees what they amount to."""

    list_display = ["name", "people"]
    search_fields = ["name"]
    ordering = ["name"]
    fields = ["name", "people", "allows"]

    @admin.display(description="people")
    def people(self, group: Group) -> str:
        url = reverse("admin:accounts_user_changelist")
        return format_html('<a class="text-link" href="{}?groups__id__exact={}">who has it</a>', url, group.pk)

    @admin.display(description="allows")
    def allows(self, group: Group) -> str:
        rows = group.permissions.select_related("content_type").order_by("content_type__app_label", "codename")
        return format_html_join("", "{} · {}<br>", ((p.content_type.app_label, p.name) for p in rows))


register_changes(User)
