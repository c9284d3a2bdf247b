"""Plugins as the doors show them."""

from __future__ import annotations

from typing import Any

from plugins_app.core.loaded import LoadedPlugin
from plugins_app.core.metadata import tool_name
from plugins_app.core.metrics import summary
from plugins_app.services.catalogue import Badge, PluginView

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


def in_detail(view: PluginView, plugin: LoadedPlugin, metrics: dict[str, Any]) -> dict[str, Any]:
    return {
        "metadata": plugin.metadata.model_dump(mode="json"),
        "status": str(view.status),
        "status_detail": view.status_detail,
        "enabled": view.enabled,
        "input_schema": plugin.input_schema,
        "output_schema": plugin.output_schema,
        "metrics": {**metrics, "breaker": _breaker(view)},
        "tool_names": {"anthropic": tool_name(plugin.name), "openai": tool_name(plugin.name)},
        "links": {
            "self": f"/api/plugins/{plugin.name}",
            "execute": f"/api/plugins/{plugin.name}/execute",
            "metrics": f"/api/plugins/{plugin.name}/metrics",
        },
    }


def _breaker(view: PluginView) -> str:
    return {Badge.CIRCUIT_OPEN: "open", Badge.CIRCUIT_HALF_OPEN: "half_open"}.get(
        view.status, "closed"
    )


NO_METRICS = summary({})
