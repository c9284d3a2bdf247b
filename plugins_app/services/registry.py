"""The loaded registry, for doors that are not on the engine's loop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from plugins_app.core.loaded import LoadedPlugin
from plugins_app.core.registry import PluginRegistry
from plugins_app.core.snapshot import Snapshot
from plugins_app.core.state import BreakerStatus
from plugins_app.runtime.engine import current_engine
from plugins_app.runtime.loop import engine_loop


def loaded_registry() -> PluginRegistry:
    engine = current_engine()
    if not engine.loaded:
        engine_loop.run(engine.open())
    return engine.registry


def snapshot() -> Snapshot:
    return loaded_registry().snapshot


def breaker_states(plugins: Iterable[LoadedPlugin]) -> Mapping[str, BreakerStatus]:
    """By plugin key, 'name@version'."""
    names = {plugin.breaker.key: plugin.key for plugin in plugins}
    found = engine_loop.run(current_engine().state.breakers(names))
    return {names[key]: status for key, status in found.items()}
