"""Stock admin pages of the models. What only services may change is read-only here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group
from django.core.paginator import Paginator
from django.forms import CheckboxSelectMultiple
from django.http import HttpRequest
from django.utils.functional import cached_property

from plugins_app.admin.badges import EXECUTIONS
from plugins_app.admin.formats import milliseconds
from plugins_app.models import AuditEvent, ExecutionLog, Status, User

COUNTED = 10_000


class CappedPaginator(Paginator):
    """Counts no further than COUNTED rows: a log is long, and COUNT(*) reads all of it."""

    @cached_property
    def count(self) -> int:
        return self.object_list[:COUNTED].count()


class ReadOnlyAdmin(admin.ModelAdmin):
    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ExecutionLog)
class ExecutionLogAdmin(ReadOnlyAdmin):
    list_display = ("started_at", "plugin", "word", "duration", "caller_name", "cached", "id")
    list_display_links = ("id",)
    list_filter = ("status", "source", "cached")
    search_fields = ("=id", "=plugin", "=request_id")
    search_help_text = "An execution id, a plugin's name or a request id, in full."
    sortable_by = ()

    @admin.display(description="status")
    def word(self, row: ExecutionLog) -> str:
        word = EXECUTIONS[Status(row.status)].word
        return f"{word} ({row.error_code})" if row.error_code else word

    @admin.display(description="duration")
    def duration(self, row: ExecutionLog) -> str:
        return milliseconds(row.duration_ms)


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "actor_name", "action", "object", "reason", "source")
    list_filter = ("action", "source")
    search_fields = ("=object", "=request_id", "=actor_name")
    search_help_text = "A plugin's name, an actor's name or a request id, in full."
    sortable_by = ()


class _Choices:
    """Many-to-many fields as check boxes: the stock double list has unlabelled parts."""

    filter_horizontal = ()

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["widget"] = CheckboxSelectMultiple
        field = super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]
        if field is not None:
            field.help_text = ""
        return field


@admin.register(User)
class PeopleAdmin(_Choices, UserAdmin):
    show_facets = admin.ShowFacets.NEVER
    readonly_fields = ("last_login", "date_joined")


admin.site.unregister(Group)


@admin.register(Group)
class GroupsAdmin(_Choices, GroupAdmin):
    pass
