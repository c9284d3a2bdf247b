"""The plugins as a caller may see them, with their true status."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from plugins_app.core.caller import Caller, Scope, model_allowed
from plugins_app.core.errors import LoadError, PluginNotFound
from plugins_app.core.importing import Failure
from plugins_app.core.loaded import LoadedPlugin
from plugins_app.core.metadata import PluginMetadata, tool_name
from plugins_app.core.middleware.resolve import may_see
from plugins_app.core.search import rank, suggestions
from plugins_app.core.snapshot import Snapshot
from plugins_app.core.state import BreakerState, BreakerStatus
from plugins_app.models import InstalledPlugin
from plugins_app.services.installed import of_module
from plugins_app.services.registry import breaker_states, snapshot


class Badge(StrEnum):
    """Most urgent first; a plugin shows the first that fits."""

    LOAD_ERROR = "load_error"
    RELOAD_FAILED = "reload_failed"
    DISABLED = "disabled"
    CIRCUIT_OPEN = "circuit_open"
    CIRCUIT_HALF_OPEN = "circuit_half_open"
    DEPRECATED = "deprecated"
    ENABLED = "enabled"


@dataclass(frozen=True, slots=True)
class PluginView:
    name: str
    version: str
    status: Badge
    status_detail: str
    enabled: bool
    breaker: BreakerState
    loaded: LoadedPlugin | None
    failure: Failure | None
    row: InstalledPlugin | None
    tier: str = ""
    """none, bronze, silver or gold; empty where nobody has looked."""
    favourite: bool = False
    """Of the user who looks."""

    @property
    def metadata(self) -> PluginMetadata | None:
        return self.loaded.metadata if self.loaded else None

    @property
    def category(self) -> str:
        if self.loaded:
            return str(self.loaded.metadata.category)
        return self.row.category if self.row else ""

    @property
    def description(self) -> str:
        if self.loaded:
            return self.loaded.metadata.description
        return self.row.description if self.row else ""


def visible_plugins(caller: Caller) -> list[LoadedPlugin]:
    return [plugin for plugin in snapshot().active.values() if may_see(caller, plugin)]


def usable_plugins(
    caller: Caller,
    *,
    model: str | None = None,
    category: str | None = None,
    names: Collection[str] = (),
) -> list[LoadedPlugin]:
    """What this caller, for its AI model, could execute now. A model that the caller states
    itself wins over `model`; `names` may be tool names."""
    return [
        plugin
        for plugin in visible_plugins(caller)
        if plugin.enabled
        and (caller.may(Scope.ADMIN) or not plugin.metadata.requires_admin)
        and model_allowed(caller.model or model, plugin.metadata.allowed_models)
        and category in (None, plugin.metadata.category)
        and (not names or not {plugin.name, tool_name(plugin.name)}.isdisjoint(names))
    ]


def find(caller: Caller, name: str) -> LoadedPlugin:
    """By name, alias or tool name; raises PluginNotFound also for what the caller may not see."""
    plugin = snapshot().find(name)
    if plugin is None or not may_see(caller, plugin):
        visible = [each.name for each in visible_plugins(caller)]
        raise PluginNotFound(name, suggestions(visible, name))
    return plugin


def views(caller: Caller) -> list[PluginView]:
    """By name. Staff also see what could not be loaded."""
    current = snapshot()
    rows = {row.name: row for row in InstalledPlugin.objects.filter(installed=True)}
    breakers = breaker_states(current.active.values())
    seen = [
        _view(plugin, current, rows.get(plugin.name), breakers)
        for plugin in current.active.values()
        if may_see(caller, plugin)
    ]
    if sees_broken(caller):
        broken = _not_loaded(current, rows)
        seen += [view for view in broken if caller.may_use(view.name)]
    return sorted(seen, key=lambda view: view.name)


def view(caller: Caller, name: str) -> PluginView:
    """By any of its names, or one version of it. Raises PluginNotFound."""
    current = snapshot()
    found = current.find(name)
    if found and found.key != current.active[found.name].key and may_see(caller, found):
        row = InstalledPlugin.objects.filter(pk=found.name).first()
        return _view(found, current, row, breaker_states([found]))
    wanted = found.name if found else name
    for each in views(caller):
        if each.name == wanted:
            return each
    raise PluginNotFound(name, suggestions([p.name for p in visible_plugins(caller)], name))


def load_error(caller: Caller, name: str) -> LoadError | None:
    """Why the plugin of this name is not loaded; None where that is not so."""
    try:
        failure = view(caller, name).failure
    except PluginNotFound:
        return None
    if failure is None:
        return None
    return LoadError(failure.message, file=failure.file, line=failure.line)


def search(
    caller: Caller, query: str, *, category: str | None = None, status: str | None = None
) -> list[PluginView]:
    """Best match first; by name where the query is empty. What is not loaded is found by name."""
    found = [
        each
        for each in views(caller)
        if (not category or each.category == category) and (not status or each.status == status)
    ]
    return ranked(found, query) if query.strip() else found


def ranked(seen: list[PluginView], query: str) -> list[PluginView]:
    """Those of these that match, best first."""
    return [each for each, _ in _ranked(seen, query)]


def search_scored(caller: Caller, query: str) -> list[tuple[PluginView, float]]:
    """Matches with their score in (0, 1], best first; nothing for an empty query."""
    return _ranked(views(caller), query)


def _ranked(found: list[PluginView], query: str) -> list[tuple[PluginView, float]]:
    by_name = {each.name: each for each in found}
    ranked = rank([each.loaded for each in found if each.loaded], query)
    word = query.strip().lower()
    broken = [each for each in found if word and not each.loaded and word in each.name.lower()]
    return [(by_name[p.name], score) for p, score in ranked] + [(each, 0.5) for each in broken]


def statistics(caller: Caller) -> dict[str, Any]:
    """Counts over what the caller may see; staff also see what did not load."""
    current = snapshot()
    names = {plugin.name for plugin in visible_plugins(caller)}
    seen = replace(
        current,
        plugins={name: current.plugins[name] for name in names},
        errors=tuple(e for e in current.errors if e.plugin in names or sees_failure(caller, e)),
    )
    return seen.statistics()


def sees_broken(caller: Caller) -> bool:
    return caller.is_staff or caller.is_admin


def sees_failure(caller: Caller, failure: Failure) -> bool:
    """A key for some plugins does not hear of others, by whichever name they are known."""
    return sees_broken(caller) and caller.may_use(failure.plugin or failure.module)


def _view(
    plugin: LoadedPlugin,
    current: Snapshot,
    row: InstalledPlugin | None,
    breakers: Mapping[str, BreakerStatus],
) -> PluginView:
    failures = current.failures_of(plugin.name)
    failure = failures[-1] if failures else None
    status, detail = _status(plugin, failure, breakers[plugin.key])
    return PluginView(
        name=plugin.name,
        version=plugin.version,
        status=status,
        status_detail=detail,
        enabled=plugin.enabled,
        breaker=breakers[plugin.key].state,
        loaded=plugin,
        failure=failure,
        row=row,
    )


def _status(
    plugin: LoadedPlugin, failure: Failure | None, breaker: BreakerStatus
) -> tuple[Badge, str]:
    if failure:
        return Badge.RELOAD_FAILED, f"serving {plugin.version}"
    if not plugin.enabled:
        return Badge.DISABLED, ""
    if breaker.state is BreakerState.OPEN:
        return Badge.CIRCUIT_OPEN, f"retry in {math.ceil(breaker.retry_after or 0)} s"
    if breaker.state is BreakerState.HALF_OPEN:
        return Badge.CIRCUIT_HALF_OPEN, "probing"
    if plugin.metadata.deprecated:
        return Badge.DEPRECATED, f"removal {plugin.metadata.deprecated.date.isoformat()}"
    return Badge.ENABLED, ""


def _not_loaded(current: Snapshot, rows: Mapping[str, InstalledPlugin]) -> list[PluginView]:
    """Plugins without a live version: by their name where it is known, else by their module."""
    broken: dict[str, Failure] = {}
    for failure in current.errors:
        row = of_module(failure.module, rows.values())
        name = failure.plugin or (row.name if row else failure.module)
        if name not in current.plugins:
            broken[name] = failure
    return [_broken_view(name, failure, rows.get(name)) for name, failure in broken.items()]


def _broken_view(name: str, failure: Failure, row: InstalledPlugin | None) -> PluginView:
    return PluginView(
        name=name,
        version=row.version if row else "",
        status=Badge.LOAD_ERROR,
        status_detail=failure.error_type,
        enabled=row.enabled if row else False,
        breaker=BreakerState.CLOSED,
        loaded=None,
        failure=failure,
        row=row,
    )


def by_category(seen: Iterable[PluginView]) -> dict[str, int]:
    """category -> how many, by name."""
    counts: dict[str, int] = {}
    for each in seen:
        if each.category:
            counts[each.category] = counts.get(each.category, 0) + 1
    return dict(sorted(counts.items()))
