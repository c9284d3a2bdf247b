from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from plugins_app.admin.formats import milliseconds, short_id
from plugins_app.admin.models.log import Column, Filter, LogAdmin
from plugins_app.admin.tags import execution_badge
from plugins_app.admin.values import (
    NOTHING,
    Block,
    Item,
    code,
    instant,
    moment,
    plugin_link,
    pretty_text,
)
from plugins_app.core.errors import ZantaraError
from plugins_app.models import AuditEvent, ExecutionLog, Status

SOURCES = ("rest", "admin", "cli", "system", "plugin")


def _statuses() -> list[tuple[str, str]]:
    return list(Status.choices)


def _sources() -> list[tuple[str, str]]:
    return [(source, source) for source in SOURCES]


def _error_codes() -> list[tuple[str, str]]:
    return [(each, each) for each in sorted(_codes(ZantaraError))]


def _codes(error: type[ZantaraError]) -> set[str]:
    return {error.code}.union(*map(_codes, error.__subclasses__()))


def _status(row: ExecutionLog) -> str:
    if not row.error_code:
        return execution_badge(row.status)
    return format_html("{} {}", execution_badge(row.status), code(row.error_code))


def _id(row: ExecutionLog) -> str:
    return format_html('<span class="mono" title="{}">{}</span>', row.id, short_id(row.id))


@admin.register(ExecutionLog)
class ExecutionLogAdmin(LogAdmin):
    lead = "Every call that was accepted, and a sample of those that were refused. Newest first."
    empty = "No runs yet. They show here as soon as somebody calls a plugin."
    deferred = ("input", "output", "error", "traceback")
    columns = (
        Column("Time", lambda row: instant(row.started_at)),
        Column("Plugin", lambda row: plugin_link(row.plugin)),
        Column("Status", _status),
        Column("Duration", lambda row: milliseconds(row.duration_ms), numeric=True),
        Column("Caller", lambda row: row.caller_name or row.caller),
        Column("Source", lambda row: row.source or NOTHING),
        Column("Cached", lambda row: "hit" if row.cached else NOTHING),
        Column("Id", _id),
    )
    filters = (
        Filter("plugin", "Plugin", indexed=True, hint="bali_zero.pricing"),
        Filter("caller", "Caller", indexed=True, hint="key:zan_..., user:1"),
        Filter("status", "Status", _statuses, indexed=True),
        Filter("source", "Source", _sources),
        Filter("error_code", "Error code", _error_codes),
        Filter("request_id", "Request id"),
        Filter("id", "Execution id", indexed=True),
    )

    def items(self, row: ExecutionLog) -> Iterator[Item]:
        yield Item("Plugin", plugin_link(row.plugin), f"version {row.version}" * bool(row.version))
        yield Item("Status", _status(row))
        yield Item("Started", moment(row.started_at))
        yield Item("Finished", moment(row.finished_at, NOTHING))
        yield Item("Duration", milliseconds(row.duration_ms))
        yield Item("Caller", row.caller_name or row.caller, row.caller)
        yield Item("Source", row.source or NOTHING)
        yield Item("AI model", row.model or NOTHING)
        yield Item("Attempts", str(row.attempts))
        yield Item("Answer", "from the cache" if row.cached else "executed")
        yield Item("Worker", row.worker or NOTHING)
        yield Item("Execution id", code(row.id))
        yield Item("Request id", code(row.request_id))

    def blocks(self, row: ExecutionLog) -> Iterator[Block]:
        if row.error:
            yield Block("error", "Error", row.error, "What the caller was told.", danger=True)
        if row.traceback:
            yield Block("traceback", "Traceback", row.traceback, "Never shown to callers.")
        masked = "As it was stored: what the schema marks as secret is masked."
        for slug, title, text in (("input", "Input", row.input), ("output", "Output", row.output)):
            if text:
                yield Block(slug, title, pretty_text(text), masked)

    def page_about(self, row: ExecutionLog, request: HttpRequest) -> dict[str, Any]:
        """With ways to what happened around it."""
        links = [("More of this plugin", f"?plugin={row.plugin}")]
        links += [("More of this caller", f"?caller={row.caller}")]
        here = reverse("admin:plugins_app_executionlog_changelist")
        links = [(label, here + query) for label, query in links]
        if request.user.has_perm("plugins_app.view_auditevent"):
            links.append(("Audit trail of the plugin", _audit_of(row.plugin)))
        return {**super().page_about(row, request), "title": f"Execution {row.id}", "links": links}


def _audit_of(subject: str) -> str:
    opts = AuditEvent._meta
    return f"{reverse(f'admin:{opts.app_label}_{opts.model_name}_changelist')}?object={subject}"
