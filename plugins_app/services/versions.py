"""The versions of a plugin that were ever seen, and which of them is loaded and serves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from plugins_app.models import PluginVersion
from plugins_app.services.catalogue import PluginView
from plugins_app.services.registry import snapshot


@dataclass(frozen=True, slots=True)
class SeenVersion:
    """One source of one version. `loaded`: callers may ask for it by name@version."""

    version: str
    source_hash: str
    serving: bool
    loaded: bool
    first_seen: datetime
    last_seen: datetime


def versions(view: PluginView) -> list[SeenVersion]:
    """Seen last first."""
    current = snapshot()
    loaded = {p.version: p.source_hash for p in current.plugins.get(view.name, {}).values()}
    serving = active.key if (active := current.active.get(view.name)) else ""
    rows = PluginVersion.objects.filter(plugin=view.name).order_by("-last_seen", "-id")
    return [_seen(row, loaded, serving) for row in rows]


def _seen(row: PluginVersion, loaded: dict[str, str], serving: str) -> SeenVersion:
    is_loaded = loaded.get(row.version) == row.source_hash
    return SeenVersion(
        version=row.version,
        source_hash=row.source_hash,
        serving=is_loaded and serving == str(row),
        loaded=is_loaded,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
    )
