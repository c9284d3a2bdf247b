"""Stock admin pages of the models. What only services may change is read-only here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.forms import CheckboxSelectMultiple
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.text import capfirst

from plugins_app.admin.badges import EXECUTIONS
from plugins_app.admin.formats import milliseconds
from plugins_app.models import AuditEvent, ExecutionLog, Status, User

COUNTED = 10_000


def _second(moment: datetime) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M:%S")


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than COUNTED rows: a log is long, and COUNT(*) reads all of it."""

    @cached_property
    def count(self) -> int:
        rows: QuerySet[Any] = self.object_list[:COUNTED]  # type: ignore[assignment]
        return rows.count()


class _Titled:
    """A list is headed by what it lists, not by an order to select something."""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        title = capfirst(self.opts.verbose_name_plural)  # type: ignore[attr-defined]
        return super().changelist_view(request, {"title": title, **(extra_context or {})})  # type: ignore[misc]


class ReadOnlyAdmin(_Titled, admin.ModelAdmin):  # type: ignore[type-arg]
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
    list_display = ("at", "plugin", "word", "duration", "caller_name", "from_cache")
    list_filter = ("status", "source", "cached")
    search_fields = ("=id", "=plugin", "=request_id")
    search_help_text = "An execution id, a plugin's name or a request id, in full."
    sortable_by = ()

    @admin.display(description="time")
    def at(self, row: ExecutionLog) -> str:
        return _second(row.started_at)

    @admin.display(description="cached")
    def from_cache(self, row: ExecutionLog) -> str:
        return "hit" if row.cached else "-"

    @admin.display(description="status")
    def word(self, row: ExecutionLog) -> str:
        word = EXECUTIONS[Status(row.status)].word
        return f"{word} ({row.error_code})" if row.error_code else word

    @admin.display(description="duration")
    def duration(self, row: ExecutionLog) -> str:
        return milliseconds(row.duration_ms)


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ("time", "actor_name", "action", "object", "reason", "source")
    list_filter = ("action", "source")
    search_fields = ("=object", "=request_id", "=actor_name")
    search_help_text = "A plugin's name, an actor's name or a request id, in full."
    sortable_by = ()

    @admin.display(description="time")
    def time(self, row: AuditEvent) -> str:
        return _second(row.at)


class _Choices:
    """Many-to-many fields as check boxes: the stock double list has unlabelled parts."""

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **kwargs: Any) -> Any:
        kwargs["widget"] = CheckboxSelectMultiple
        field = super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]
        if field is not None:
            field.help_text = ""
        return field


@admin.register(User)
class PeopleAdmin(_Titled, _Choices, UserAdmin):  # type: ignore[type-arg]
    filter_horizontal = ()
    show_facets = admin.ShowFacets.NEVER
    readonly_fields = ("last_login", "date_joined")


admin.site.unregister(Group)


@admin.register(Group)
class GroupsAdmin(_Titled, _Choices, GroupAdmin):
    filter_horizontal = ()
