"""Reading the execution log. Ids are time-ordered, so that pages and spans of time are ranges of
the primary key: no page counts rows or skips over them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from plugins_app.core.caller import EVERY_PLUGIN, Caller, Scope
from plugins_app.models import ExecutionLog, InstalledPlugin, Status
from plugins_app.runtime.ids import first_id
from plugins_app.services.catalogue import sees_broken, visible_plugins
from plugins_app.services.registry import snapshot

RECENT = 200
LONG = ("input", "output", "traceback", "stages", "lines")
"""Columns that no list shows."""
FAILURES = (Status.FAILED, Status.TIMED_OUT, Status.ABANDONED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a reader looks for; None is anything. `until` is not in the span."""

    plugin: str | None = None
    status: str | None = None
    error_code: str | None = None
    caller: str | None = None
    source: str | None = None
    request_id: str | None = None
    cached: bool | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """`following`: cursor of the next page, or None."""

    rows: list[ExecutionLog]
    following: str | None


def recent(plugin: str, limit: int = 10) -> list[ExecutionLog]:
    """Newest first."""
    return list(ExecutionLog.objects.filter(plugin=plugin).order_by("-id")[:limit])


def inputs_of(plugin: str, caller_id: str, limit: int) -> list[ExecutionLog]:
    """What this caller sent to it lately, newest first, of the caller's last RECENT calls."""
    rows = ExecutionLog.objects.filter(caller=caller_id).order_by("-id")
    rows = rows.only("id", "plugin", "status", "started_at", "input")[:RECENT]
    return [row for row in rows if row.plugin == plugin][:limit]


def recent_failures(limit: int) -> list[ExecutionLog]:
    """Of any plugin, newest first. A query for each status: all of them together would have no
    index that has their order."""
    rows = ExecutionLog.objects.defer(*LONG).order_by("-id")
    found = [row for status in FAILURES for row in rows.filter(status=status)[:limit]]
    return sorted(found, key=lambda row: row.id, reverse=True)[:limit]


def page(caller: Caller, wanted: Wanted, *, limit: int, cursor: str = "") -> Page:
    """Newest first, older than `cursor`; without the payloads."""
    rows = visible(caller).filter(_matches(wanted)).order_by("-id")
    rows = rows.defer(*LONG)
    if cursor:
        rows = rows.filter(id__lt=cursor)
    found = list(rows[: limit + 1])
    shown = found[:limit]
    return Page(shown, shown[-1].id if len(found) > limit else None)


def find(caller: Caller, execution_id: str) -> ExecutionLog | None:
    return visible(caller).filter(pk=execution_id).first()


def visible(caller: Caller) -> QuerySet[ExecutionLog]:
    """One's own, or with the scope `logs` everybody's, of the plugins that the caller may see."""
    rows = ExecutionLog.objects.all()
    if not caller.may(Scope.LOGS):
        rows = rows.filter(caller=caller.id)
    if _sees_every_plugin(caller):
        return rows
    return rows.filter(plugin__in=_visible_names(caller))


def sees_all(caller: Caller) -> bool:
    """Whether `visible` leaves nothing out."""
    return caller.may(Scope.LOGS) and _sees_every_plugin(caller)


def _sees_every_plugin(caller: Caller) -> bool:
    return sees_broken(caller) and caller.plugins == EVERY_PLUGIN


def _visible_names(caller: Caller) -> set[str]:
    """Also of plugins that are not loaded now, for those who may see them."""
    names = {plugin.name for plugin in visible_plugins(caller)}
    if sees_broken(caller):
        installed = InstalledPlugin.objects.values_list("name", flat=True)
        names |= {name for name in installed if caller.may_use(name)}
    return names


def _matches(wanted: Wanted) -> Q:
    plugin = snapshot().find(wanted.plugin) if wanted.plugin else None
    equal = {
        "plugin": plugin.name if plugin else wanted.plugin,
        "status": wanted.status,
        "error_code": wanted.error_code,
        "caller": wanted.caller,
        "source": wanted.source,
        "request_id": wanted.request_id,
        "cached": wanted.cached,
        "id__gte": wanted.since and first_id(wanted.since),
        "id__lt": wanted.until and first_id(wanted.until),
    }
    return Q(**{name: value for name, value in equal.items() if value is not None})
