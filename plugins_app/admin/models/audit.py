from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from plugins_app.admin.models.log import Column, Filter, LogAdmin
from plugins_app.admin.values import NOTHING, Block, Item, code, instant, moment, pretty
from plugins_app.models import AuditEvent, InstalledPlugin

SOURCES = ("admin", "rest", "cli", "system")


def _sources() -> list[tuple[str, str]]:
    return [(source, source) for source in SOURCES]


def _subject(row: AuditEvent) -> str:
    """Plugins are named as they are, everything else as 'key:ci', 'user:ayu'."""
    if ":" in row.object or not InstalledPlugin.objects.filter(pk=row.object).exists():
        return row.object or NOTHING
    url = reverse("admin:plugin-detail", args=[row.object])
    return format_html('<a href="{}">{}</a>', url, row.object)


@admin.register(AuditEvent)
class AuditEventAdmin(LogAdmin):
    lead = "Who changed what, when, why and from where. Nothing here can be edited or deleted."
    deferred = ("before", "after")
    columns = (
        Column("Time", lambda row: instant(row.at)),
        Column("Actor", lambda row: row.actor_name or row.actor),
        Column("Action", lambda row: code(row.action)),
        Column("Object", lambda row: row.object or NOTHING),
        Column("Reason", lambda row: row.reason or NOTHING),
        Column("Source", lambda row: row.source),
    )
    filters = (
        Filter("object", "Object", hint="a plugin, key:name, user:name"),
        Filter("action", "Action", hint="enable, key.create, login"),
        Filter("actor_name", "Actor"),
        Filter("source", "Source", _sources),
        Filter("request_id", "Request id"),
    )

    def items(self, row: AuditEvent) -> Iterator[Item]:
        yield Item("Time", moment(row.at))
        yield Item("Actor", row.actor_name or row.actor, row.actor)
        yield Item("Action", code(row.action))
        yield Item("Object", _subject(row))
        yield Item("Reason", row.reason or NOTHING)
        yield Item("Source", row.source)
        yield Item("Address", row.address or NOTHING)
        yield Item("Request id", code(row.request_id))

    def blocks(self, row: AuditEvent) -> Iterator[Block]:
        for slug, value in (("before", row.before), ("after", row.after)):
            if value is not None:
                yield Block(slug, slug.capitalize(), pretty(value))

    def page_about(self, row: AuditEvent, request: HttpRequest) -> dict[str, Any]:
        here = reverse("admin:plugins_app_auditevent_changelist")
        links = [("More of this object", f"{here}?object={row.object}")]
        if row.request_id:
            links.append(("More of this request", f"{here}?request_id={row.request_id}"))
        title = f"{row.action} {row.object}"
        return {**super().page_about(row, request), "title": title, "links": links}


@admin.register(LogEntry)
class LogEntryAdmin(LogAdmin):
    lead = "Django's own notes on changes of users and groups; the audit trail has them in full."
    columns = (
        Column("Time", lambda row: instant(row.action_time)),
        Column("User", lambda row: str(row.user)),
        Column("Action", lambda row: row.get_action_flag_display()),
        Column("Object", lambda row: row.object_repr),
    )
