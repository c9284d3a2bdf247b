"""What is loaded at one moment. Immutable: a change is another snapshot, swapped in whole."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import semver

from plugins_app.core.errors import LoadError
from plugins_app.core.importing import Failure
from plugins_app.core.loaded import LoadedPlugin
from plugins_app.core.metadata import NO_OVERRIDES, PluginOverrides, tool_name

_REQUIREMENT = re.compile(r"^\s*([a-z0-9_.-]+?)\s*((?:[<>=!]=?\s*[\w.+-]+\s*,?\s*)*)$")


@dataclass(frozen=True, slots=True)
class Policy:
    """What operators decided about one plugin."""

    enabled: bool = True
    pinned_version: str = ""
    overrides: PluginOverrides = NO_OVERRIDES
    generation: int = 0


@dataclass(frozen=True)
class Snapshot:
    plugins: Mapping[str, Mapping[str, LoadedPlugin]] = field(default_factory=dict)
    """name -> version -> plugin."""
    errors: tuple[Failure, ...] = ()
    policies: Mapping[str, Policy] | None = None
    """None where nobody keeps policies: then everything loaded is enabled."""
    unlisted: Policy = Policy(enabled=False)
    """For plugins that the policies do not name."""

    @cached_property
    def active(self) -> Mapping[str, LoadedPlugin]:
        """name -> the version that answers to the bare name, under the operator's policy."""
        return {name: self._versions[name, self._default(name)] for name in sorted(self.plugins)}

    @cached_property
    def aliases(self) -> Mapping[str, str]:
        """alias, legacy key or tool name -> canonical name."""
        found: dict[str, str] = {}
        for plugin in self.all_versions():
            for other in (tool_name(plugin.name), *plugin.metadata.all_aliases):
                if other not in self.plugins:
                    found[other] = plugin.name
        return found

    def all_versions(self) -> Iterable[LoadedPlugin]:
        for versions in self.plugins.values():
            yield from versions.values()

    def find(self, name: str) -> LoadedPlugin | None:
        """By name, alias, tool name, or any of them with '@version'."""
        if name in self.plugins:
            return self.active[name]
        bare, _, version = name.rpartition("@")
        if plugin := self._versions.get((self._canonical(bare), version)):
            return plugin
        return self.active.get(self._canonical(name))

    def _canonical(self, name: str) -> str:
        return name if name in self.plugins else self.aliases.get(name, "")

    @cached_property
    def _versions(self) -> Mapping[tuple[str, str], LoadedPlugin]:
        return {(p.name, p.version): self._under_policy(p) for p in self.all_versions()}

    def failures_of(self, name: str) -> tuple[Failure, ...]:
        return tuple(failure for failure in self.errors if failure.plugin == name)

    def statistics(self) -> dict[str, object]:
        categories = Counter(str(plugin.metadata.category) for plugin in self.active.values())
        return {
            "total_plugins": len(self.plugins),
            "categories": len(categories),
            "category_counts": dict(sorted(categories.items())),
            "total_versions": sum(map(len, self.plugins.values())),
            "aliases": sum(len(p.metadata.all_aliases) for p in self.active.values()),
            "enabled": sum(plugin.enabled for plugin in self.active.values()),
            "load_errors": len(self.errors),
        }

    def _default(self, name: str) -> str:
        """The pinned version, or else the highest."""
        versions = self.plugins[name]
        pinned = self._policy(name).pinned_version
        return pinned if pinned in versions else max(versions, key=semver.Version.parse)

    def _policy(self, name: str) -> Policy:
        if self.policies is None:
            return Policy()
        return self.policies.get(name, self.unlisted)

    def _under_policy(self, plugin: LoadedPlugin) -> LoadedPlugin:
        policy = self._policy(plugin.name)
        return plugin.under(
            policy.overrides, enabled=policy.enabled, config_generation=policy.generation
        )

    def under_policies(self, policies: Mapping[str, Policy], unlisted: Policy) -> Snapshot:
        return replace(self, policies=policies, unlisted=unlisted)


class Draft:
    """A snapshot in the making: plugins enter one by one, and a conflict refuses the newcomer."""

    def __init__(self) -> None:
        self.plugins: dict[str, dict[str, LoadedPlugin]] = {}
        self._claims: dict[str, LoadedPlugin] = {}

    def check(self, plugin: LoadedPlugin) -> None:
        """Raises LoadError that names both sides of a conflict, or the missing dependency."""
        self.check_names(plugin)
        for requirement in plugin.declared.dependencies:
            if problem := self.missing(requirement):
                raise LoadError(f"{plugin.key} needs {requirement!r}, {problem}")

    def check_names(self, plugin: LoadedPlugin) -> None:
        twin = self.plugins.get(plugin.name, {}).get(plugin.version)
        if twin:
            raise LoadError(f"{_place(plugin)} is also defined by {_place(twin)}")
        for name in _names_of(plugin):
            other = self._claims.get(name)
            if other and other.name != plugin.name:
                raise LoadError(f"{name!r} is claimed by {_place(plugin)} and by {_place(other)}")

    def add(self, plugin: LoadedPlugin) -> None:
        self.plugins.setdefault(plugin.name, {})[plugin.version] = plugin
        for name in _names_of(plugin):
            self._claims[name] = plugin

    def missing(self, requirement: str) -> str:
        """Why a requirement like 'team.list>=1.0.0' is not met; empty where it is."""
        match = _REQUIREMENT.match(requirement)
        if not match:
            return "which is not 'name' or 'name>=1.0.0'"
        name, ranges = match[1], [r.replace(" ", "") for r in match[2].split(",") if r.strip()]
        versions = self.plugins.get(name)
        if not versions:
            return f"but {name!r} is not loaded"
        if any(all(semver.Version.parse(v).match(r) for r in ranges) for v in versions):
            return ""
        return f"but only {', '.join(sorted(versions))} is loaded"


def in_load_order(plugins: Iterable[LoadedPlugin]) -> list[LoadedPlugin]:
    """Dependencies first, otherwise as given; at the end those that wait for each other."""
    waiting, placed = list(plugins), set[str]()
    ordered: list[LoadedPlugin] = []
    names = {plugin.name for plugin in waiting}
    while waiting:
        ready = [p for p in waiting if not (required_names(p) & names) - placed - {p.name}]
        if not ready:
            return ordered + waiting
        ordered += ready
        placed |= {plugin.name for plugin in ready}
        waiting = [plugin for plugin in waiting if plugin.name not in placed]
    return ordered


def circle_through(plugin: LoadedPlugin, plugins: Iterable[LoadedPlugin]) -> str:
    """'a -> b -> a' where the plugin's dependencies lead back to it, else empty."""
    required = {other.name: sorted(required_names(other)) for other in plugins}
    paths = [[plugin.name]]
    seen: set[str] = set()
    while paths:
        path = paths.pop()
        for name in required.get(path[-1], ()):
            if name == plugin.name:
                return " -> ".join([*path, name])
            if name not in seen:
                seen.add(name)
                paths.append([*path, name])
    return ""


def required_names(plugin: LoadedPlugin) -> set[str]:
    return {match[1] for r in plugin.declared.dependencies if (match := _REQUIREMENT.match(r))}


def _names_of(plugin: LoadedPlugin) -> set[str]:
    return {plugin.name, tool_name(plugin.name), *plugin.declared.all_aliases}


def _place(plugin: LoadedPlugin) -> str:
    return f"{plugin.key} ({plugin.module}.{type(plugin.plugin).__name__})"
