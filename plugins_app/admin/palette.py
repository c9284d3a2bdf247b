"""What the command palette knows beyond the page that it is opened on."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.urls import reverse

from plugins_app.admin.access import EXECUTIONS, VIEW
from plugins_app.admin.badges import BADGES, category_icon
from plugins_app.core.caller import Caller
from plugins_app.services import catalogue
from plugins_app.services.catalogue import Badge, PluginView

DESCRIPTION = 90
"""Characters of a description: what one line holds."""


def index(
    caller: Caller, *, plugins: bool, executions: bool, favourites: Collection[str] = ()
) -> dict[str, Any]:
    """`*_url` hold {} where the name or id goes; empty where this operator may not go."""
    market, admin = reverse("admin:marketplace"), reverse("admin:index")
    return {
        "plugins": [_entry(view) for view in catalogue.views(caller)] if plugins else [],
        "favourites": sorted(favourites) if plugins else [],
        "plugin_url": f"{market}{{}}/" if plugins else "",
        "tag_url": f"{market}?tag={{}}" if plugins else "",
        "execution_url": f"{admin}executions/{{}}/" if executions else "",
        "execution_permission": EXECUTIONS,
        "plugin_permission": VIEW,
    }


def _entry(view: PluginView) -> dict[str, Any]:
    """A status that needs no attention is left out."""
    look = BADGES[view.status]
    metadata = view.metadata
    entry: dict[str, Any] = {
        "name": view.name,
        "description": view.description[:DESCRIPTION],
        "category": view.category,
        "icon": category_icon(view.category),
        "tags": list(metadata.tags) if metadata else [],
        "aliases": list(metadata.all_aliases) if metadata else [],
    }
    if view.status is not Badge.ENABLED:
        entry["status"] = {"word": look.word, "icon": look.icon, "tone": look.tone}
    return entry
