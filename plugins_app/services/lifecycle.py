"""Enable, disable and reload, for every door: permission is the door's, the rest is here."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction

from plugins_app.core.errors import PluginNotFound, ReloadRejected
from plugins_app.core.loaded import LoadedPlugin
from plugins_app.core.search import suggestions
from plugins_app.models import InstalledPlugin
from plugins_app.runtime.engine import current_engine
from plugins_app.runtime.loop import engine_loop
from plugins_app.services.audit import Actor, record
from plugins_app.services.generation import raise_generation
from plugins_app.services.installed import write_down
from plugins_app.services.registry import loaded_registry, snapshot


@dataclass(frozen=True, slots=True)
class ReloadResult:
    name: str
    from_version: str
    to_version: str
    duration_ms: int


def enable(names: Iterable[str], actor: Actor, reason: str = "") -> list[str]:
    """The names that were not enabled before. Unknown names raise, and nothing is changed."""
    return _switch(names, actor, reason, enabled=True)


def disable(names: Iterable[str], actor: Actor, reason: str = "") -> list[str]:
    """The names that were enabled before. Calls in flight finish."""
    return _switch(names, actor, reason, enabled=False)


def _switch(names: Iterable[str], actor: Actor, reason: str, *, enabled: bool) -> list[str]:
    canonical = [canonical_name(name) for name in names]
    with transaction.atomic():
        rows = InstalledPlugin.objects.select_for_update().filter(name__in=canonical)
        loaded = snapshot().active
        missing = set(canonical) - {row.name for row in rows}
        write_down([loaded[name] for name in sorted(missing)], ())
        switched = sorted(row.name for row in rows.all() if row.enabled is not enabled)
        InstalledPlugin.objects.filter(name__in=switched).update(enabled=enabled)
        for name in switched:
            record(
                actor,
                "enable" if enabled else "disable",
                name,
                before={"enabled": not enabled},
                after={"enabled": enabled},
                reason=reason,
            )
        if switched:
            raise_generation("policies")
    engine_loop.run(current_engine().take_policies())
    return switched


def canonical_name(name: str) -> str:
    """Of a plugin that is loaded or was installed once; raises PluginNotFound."""
    if plugin := snapshot().find(name):
        return plugin.name
    if InstalledPlugin.objects.filter(name=name).exists():
        return name
    raise PluginNotFound(name, suggestions(snapshot().active, name))


def reload(name: str, actor: Actor, reason: str = "") -> ReloadResult:
    """Import the plugin anew here, and through the registry's generation everywhere. Raises
    PluginNotFound, and ReloadRejected when the old code keeps serving; both are audited."""
    registry = loaded_registry()
    before, started = registry.get(name), time.perf_counter()
    served = before.version if before else ""
    try:
        plugin = engine_loop.run(registry.reload(name))
    except ReloadRejected as error:
        record(actor, "reload.rejected", _name(before, name), after=str(error), reason=reason)
        raise
    with transaction.atomic():
        record(
            actor,
            "reload",
            plugin.name,
            before={"version": served},
            after={"version": plugin.version, "source": plugin.source_hash[:12]},
            reason=reason,
        )
        write_down([plugin], [plugin])
        generation = raise_generation("plugins", reloads=[plugin.name])
        current_engine().reloaded[plugin.name] = generation
    elapsed = round((time.perf_counter() - started) * 1000)
    return ReloadResult(plugin.name, served, plugin.version, elapsed)


def serving_version(name: str) -> str:
    """Of a plugin that is live; empty where none is."""
    plugin = snapshot().find(name)
    return plugin.version if plugin else ""


def _name(plugin: LoadedPlugin | None, asked: str) -> str:
    return plugin.name if plugin else asked
