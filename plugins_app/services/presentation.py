"""Plugins as the doors show them."""

from __future__ import annotations

from typing import Any

from orjson import Fragment

from plugins_app.core.caller import Caller
from plugins_app.core.loaded import LoadedPlugin
from plugins_app.core.metadata import tool_name
from plugins_app.core.metrics import summary
from plugins_app.models import ExecutionLog
from plugins_app.services.catalogue import PluginView, sees_broken
from plugins_app.services.runs.lines import Line
from plugins_app.services.runs.stages import Spent, spent

_EXECUTION_FIELDS = (
    "id",
    "plugin",
    "version",
    "status",
    "error_code",
    "error",
    "caller",
    "caller_name",
    "source",
    "request_id",
    "model",
    "cached",
    "attempts",
    "started_at",
    "finished_at",
    "duration_ms",
)
EXECUTION_FIELDS = frozenset(_EXECUTION_FIELDS)
Metrics = dict[str, dict[str, Any]]
_LIST_FIELDS = (
    "name",
    "version",
    "description",
    "category",
    "tags",
    "author",
    "requires_auth",
    "requires_admin",
    "allowed_models",
    "rate_limit",
    "legacy_handler_key",
    "aliases",
    "estimated_time",
    "read_only",
    "deprecated",
)


def in_list(view: PluginView, metrics: Metrics) -> dict[str, Any]:
    """One line of the catalogue; a plugin that is not loaded has no metadata to show."""
    shown: dict[str, Any] = {"name": view.name, "version": view.version}
    if view.metadata:
        dumped = view.metadata.model_dump(mode="json")
        shown = {name: dumped[name] for name in _LIST_FIELDS}
    counted = metrics.get(view.name, {})
    return {
        **shown,
        "status": str(view.status),
        "status_detail": view.status_detail,
        "enabled": view.enabled,
        "calls_24h": counted.get("calls", 0),
        "p95_ms": counted.get("p95_ms"),
    }


LIST_FIELDS = frozenset(
    (*_LIST_FIELDS, "status", "status_detail", "enabled", "calls_24h", "p95_ms")
)
ORDERINGS = frozenset(
    ("name", "version", "category", "status", "calls_24h", "p95_ms", "estimated_time")
)


def exported(view: PluginView, metrics: Metrics | None) -> dict[str, Any]:
    """For a file; without figures where the reader may not see them."""
    shown = {
        "name": view.name,
        "version": view.version,
        "status": str(view.status),
        "status_detail": view.status_detail,
        "enabled": view.enabled,
        "metadata": view.metadata.model_dump(mode="json") if view.metadata else None,
    }
    return shown if metrics is None else {**shown, "metrics_24h": metrics.get(view.name)}


def in_detail(view: PluginView, plugin: LoadedPlugin, metrics: dict[str, Any]) -> dict[str, Any]:
    return {
        "metadata": plugin.metadata.model_dump(mode="json"),
        "status": str(view.status),
        "status_detail": view.status_detail,
        "enabled": view.enabled,
        "input_schema": plugin.input_schema,
        "output_schema": plugin.output_schema,
        "metrics": {**metrics, "breaker": str(view.breaker)},
        "tool_names": {"anthropic": tool_name(plugin.name), "openai": tool_name(plugin.name)},
        "links": {
            "self": f"/api/plugins/{plugin.name}",
            **{link: f"/api/plugins/{plugin.name}/{link}" for link in _LINKS},
        },
    }


_LINKS = ("execute", "validate", "metrics", "versions")


def execution_in_list(row: ExecutionLog) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _EXECUTION_FIELDS}


def execution_in_detail(row: ExecutionLog, reader: Caller) -> dict[str, Any]:
    """Payloads as they were kept: masked, and cut where they were long."""
    shown = {
        **execution_in_list(row),
        "input": _payload(row.input),
        "output": _payload(row.output),
        "stages": [_stage(each) for each in spent(row)],
    }
    if sees_broken(reader):
        shown |= {"traceback": row.traceback, "worker": row.worker}
    return shown


def _stage(each: Spent) -> dict[str, Any]:
    told = {"stage": each.stage, "begin_ms": round(each.begin, 3), "ms": round(each.took, 3)}
    return {**told, "note": each.note} if each.note else told


def log_line(line: Line) -> dict[str, Any]:
    return {
        "number": line.number,
        "at": line.at,
        "level": line.kind,
        "message": line.message,
        "fields": {} if line.printed else line.fields,
        "attempt": line.attempt,
    }


def _payload(text: str) -> Fragment | None:
    return Fragment(text) if text else None


NO_METRICS = summary({})
