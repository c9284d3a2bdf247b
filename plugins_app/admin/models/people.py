"""Users and groups: Django's own pages, with every change in the audit trail, and without a way
for people to raise themselves."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet
from django.forms import CheckboxSelectMultiple
from django.http import HttpRequest

from plugins_app.admin.access import actor
from plugins_app.admin.models.base import Titled
from plugins_app.models import User
from plugins_app.services import people


class _Choices:
    """Many-to-many fields as check boxes: the stock double list has unlabelled parts."""

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **kwargs: Any) -> Any:
        kwargs["widget"] = CheckboxSelectMultiple
        field = super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]
        if field is not None:
            field.help_text = ""
        return field


class _Audited:
    """Each change with before and after, in the transaction of the change."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            obj.noted_before = people.facts(type(obj)._default_manager.get(pk=obj.pk))
        super().save_model(request, obj, form, change)  # type: ignore[misc]

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        people.note(actor(request), "create", obj, after=people.facts(obj))
        return super().log_addition(request, obj, message)  # type: ignore[misc]

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Also of a password, which leaves no notes but that it was changed."""
        before = getattr(obj, "noted_before", None)
        after = people.facts(obj) if before else people.password_facts(obj)
        if before != after:
            people.note(actor(request), "change", obj, before=before, after=after)
        return super().log_change(request, obj, message)  # type: ignore[misc]

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        people.note_removal(actor(request), obj)
        super().delete_model(request, obj)  # type: ignore[misc]

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for obj in queryset:
            people.note_removal(actor(request), obj)
        super().delete_queryset(request, queryset)  # type: ignore[misc]


@admin.register(User)
class PeopleAdmin(Titled, _Choices, _Audited, UserAdmin):  # type: ignore[type-arg]
    """Only superusers hand out rights; others change those who have no more rights than they."""

    list_display = ("username", "email", "is_active", "is_staff", "is_superuser", "last_login")
    filter_horizontal = ()
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        dates = ("last_login", "date_joined")
        rights = ("is_staff", "is_superuser", "groups", "user_permissions")
        return dates if request.user.is_superuser else (*dates, *rights)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and _reaches(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and _reaches(request, obj)

    @transaction.atomic
    def user_change_password(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return super().user_change_password(request, *args, **kwargs)

    def get_actions(self, request: HttpRequest) -> Any:
        """Deleting many at once would pass by superusers."""
        return super().get_actions(request) if request.user.is_superuser else {}


def _reaches(request: HttpRequest, user: User | None) -> bool:
    """Whoever changes somebody's password can be them."""
    if request.user.is_superuser or user is None:
        return True
    rights = set(request.user.get_all_permissions())
    return not user.is_superuser and rights >= set(user.get_all_permissions())


admin.site.unregister(Group)


@admin.register(Group)
class GroupsAdmin(Titled, _Choices, _Audited, GroupAdmin):
    filter_horizontal = ()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if request.user.is_superuser else ("permissions",)
