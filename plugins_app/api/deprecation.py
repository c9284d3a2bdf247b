"""Telling callers that a plugin will go: RFC 9745, RFC 8594, and a line in the body."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

from django.utils.http import http_date

from plugins_app.core.metadata import PluginMetadata

_ALREADY = "@0"
"""Since when a plugin is deprecated is not kept; this moment says: already."""


def deprecation_headers(metadata: PluginMetadata) -> dict[str, str]:
    deprecated = metadata.deprecated
    if deprecated is None:
        return {}
    links = [f'</api/plugins/{metadata.name}>; rel="deprecation"']
    if deprecated.replacement:
        links.append(f'</api/plugins/{deprecated.replacement}>; rel="successor-version"')
    removal = datetime.combine(deprecated.date, time(), UTC)
    return {
        "Deprecation": _ALREADY,
        "Sunset": http_date(removal.timestamp()),
        "Link": ", ".join(links),
    }


def warnings_of(metadata: PluginMetadata) -> dict[str, Any]:
    """{'warnings': [...]}, or nothing where there is nothing to warn of."""
    deprecated = metadata.deprecated
    if deprecated is None:
        return {}
    use = f" Use {deprecated.replacement} instead." if deprecated.replacement else ""
    when = f"{metadata.name} is deprecated and will be removed on {deprecated.date}."
    message = f"{when}{use} {deprecated.message}".strip()
    return {"warnings": [{"code": "deprecated", "message": message}]}
