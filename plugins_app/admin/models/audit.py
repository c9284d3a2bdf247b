from __future__ import annotations

from django.contrib import admin
from django.contrib.admin.models import LogEntry

from plugins_app.admin.models.base import ElsewhereAdmin, ReadOnlyAdmin
from plugins_app.admin.models.log import Column, LogAdmin
from plugins_app.admin.values import instant
from plugins_app.models import AuditEvent, AuditHead


@admin.register(AuditEvent)
class AuditEventAdmin(ElsewhereAdmin):
    list_route, row_route = "admin:audit", "admin:audit-event"


@admin.register(AuditHead)
class AuditHeadAdmin(ReadOnlyAdmin):
    list_display = ("event", "count", "hash")


@admin.register(LogEntry)
class LogEntryAdmin(LogAdmin):
    lead = "Django's own notes on changes of users and groups; the audit trail has them in full."
    columns = (
        Column("Time", lambda row: instant(row.action_time)),
        Column("User", lambda row: str(row.user)),
        Column("Action", lambda row: row.get_action_flag_display()),
        Column("Object", lambda row: row.object_repr),
    )
