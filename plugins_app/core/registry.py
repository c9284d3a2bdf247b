"""PluginRegistry: loads plugins into immutable snapshots and answers who is who.

One load at a time builds a draft aside (import, check, on_load) and swaps one reference; calls
in flight finish on the objects they started with. What fails is recorded and takes nothing else
down; where an older version of it was live, that one keeps serving.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from plugins_app.core import importing
from plugins_app.core.discovery import ClassSource, DirectorySource, ModuleRef, PluginClass, Source
from plugins_app.core.errors import LoadError, PluginNotFound, ReloadRejected
from plugins_app.core.importing import Failure
from plugins_app.core.loaded import ConfigFor, LoadedPlugin, build
from plugins_app.core.metadata import PluginCategory
from plugins_app.core.plugin import Plugin
from plugins_app.core.search import rank, suggestions
from plugins_app.core.snapshot import Draft, Policy, Snapshot, in_load_order
from plugins_app.core.survey import Choose, Survey, all_of, none_of

logger = logging.getLogger(__name__)

ON_LOAD_SECONDS = 30.0
Progress = Callable[[int, int, str], None]


def _no_progress(done: int, total: int, module: str) -> None:
    pass


@dataclass(slots=True)
class _Load:
    """One load under way."""

    survey: Survey
    stale: set[str]
    failures: list[Failure]
    candidates: list[LoadedPlugin] = field(default_factory=list)
    draft: Draft = field(default_factory=Draft)


class PluginRegistry:
    """`config_for(name)` gives a plugin's configured values before its `on_load`."""

    def __init__(
        self,
        *sources: Source,
        config_for: ConfigFor = lambda name: {},
        on_load_seconds: float = ON_LOAD_SECONDS,
    ) -> None:
        self._sources: list[Source] = list(sources)
        self._classes = ClassSource()
        self._config_for = config_for
        self._on_load_seconds = on_load_seconds
        self._lock = asyncio.Lock()
        self._survey = Survey(())
        self._background: set[asyncio.Task[None]] = set()
        self.snapshot = Snapshot()

    # --- loading ----------------------------------------------------------------------------------

    async def load(
        self, *, everything: bool = False, progress: Progress = _no_progress
    ) -> Snapshot:
        """Take in what is new, changed, failed before, or gone; `everything` imports all anew."""
        async with self._lock:
            return await self._load(all_of if everything else none_of, progress)

    async def reload(self, name: str) -> LoadedPlugin:
        """Import the plugin's family and its dependants anew. Raises ReloadRejected, and then
        everything serves on as it was; raises PluginNotFound for a name nobody knows."""
        async with self._lock:
            module, canonical = self._module_of(name)
            family = self._survey.family_of[module]
            await self._load(lambda families: {family}, target=(module, canonical))
            return self.resolve(canonical)

    def _module_of(self, name: str) -> tuple[str, str]:
        """(module, canonical name) of a plugin that is loaded or failed to."""
        if plugin := self.snapshot.find(name):
            return plugin.module, plugin.name
        if failures := self.snapshot.failures_of(name):
            return failures[-1].module, name
        raise PluginNotFound(name, suggestions(self.snapshot.active, name))

    async def register(self, cls: PluginClass) -> LoadedPlugin:
        """Add one class, once; raises LoadError where it cannot serve."""
        async with self._lock:
            if plugin := self._loaded_from(cls):
                return plugin
            self._classes.classes.append(cls)
            await self._load(lambda families: {cls.__module__} & families)
            if plugin := self._loaded_from(cls):
                return plugin
            self._classes.classes.remove(cls)
            failure = [f for f in self.snapshot.errors if f.module == cls.__module__][-1]
            raise LoadError(failure.message, file=failure.file, line=failure.line)

    def _loaded_from(self, cls: PluginClass) -> LoadedPlugin | None:
        wanted = (cls.__module__, cls.__qualname__)
        for plugin in self.snapshot.all_versions():
            found = type(plugin.plugin)
            if (found.__module__, found.__qualname__) == wanted:
                return plugin
        return None

    async def discover_plugins(self, path: str | Path, package: str | None = None) -> Snapshot:
        """Add a directory as a source and load what it holds."""
        source = DirectorySource(Path(path), package)
        known = [s.directory for s in self._sources if isinstance(s, DirectorySource)]
        if source.directory not in known:
            self._sources.append(source)
        return await self.load()

    async def _load(
        self,
        choose: Choose,
        progress: Progress = _no_progress,
        target: tuple[str, str] | None = None,
    ) -> Snapshot:
        load = await asyncio.to_thread(self._prepare, choose)
        kept_modules = {cls.__module__ for cls in self._classes.classes}
        with importing.fresh_import(load.stale - kept_modules) as old_modules:
            await asyncio.to_thread(self._import_all, load, old_modules, progress)
            await self._assemble(load)
            if target:
                self._check_target(load, *target)
        replaced, self._survey = self.snapshot, load.survey
        self.snapshot = replace(
            replaced, plugins=load.draft.plugins, errors=tuple(load.failures)
        )
        self._retire(replaced)
        return self.snapshot

    def _prepare(self, choose: Choose) -> _Load:
        failures: list[Failure] = []
        survey = Survey.of(self._references(failures))
        failed = [failure.module for failure in self.snapshot.errors]
        return _Load(survey, survey.stale(self._survey, failed, choose), failures)

    def _references(self, failures: list[Failure]) -> Iterable[ModuleRef]:
        for source in (*self._sources, self._classes):
            try:
                yield from source.modules()
            except LoadError as error:
                failures.append(importing.failure(type(source).__name__, error))

    def _import_all(
        self, load: _Load, old_modules: Mapping[str, ModuleType], progress: Progress
    ) -> None:
        todo = [ref for ref in load.survey.references if ref.family in load.stale]
        for done, reference in enumerate(todo, 1):
            try:
                self._import(load, reference)
            except LoadError as error:
                load.failures.append(self._failure(reference.name, error, near=reference.path))
                if old := old_modules.get(reference.name):
                    importing.put_back(old)
            progress(done, len(todo), reference.name)

    def _import(self, load: _Load, reference: ModuleRef) -> None:
        module = importing.import_module(reference)
        registered = [c for c in self._classes.classes if c.__module__ == reference.family]
        for cls in registered or importing.plugin_classes(module):
            self._build(load, reference, cls)

    def _build(self, load: _Load, reference: ModuleRef, cls: PluginClass) -> None:
        try:
            source_hash = load.survey.source_hash(reference)
            load.candidates.append(build(cls, self._config_for, source_hash))
        except Exception as error:
            located = importing.at_class(
                importing.as_load_error(error, reference.path), cls, reference.path
            )
            name = getattr(getattr(cls, "metadata", None), "name", "")
            load.failures.append(self._failure(reference.name, located, plugin=name))

    async def _assemble(self, load: _Load) -> None:
        """Kept plugins first: a newcomer never takes a live one's place."""
        for plugin in self.snapshot.all_versions():
            if (
                load.survey.family_of.get(plugin.module, "")
                in load.survey.digests.keys() - load.stale
            ):
                load.draft.add(plugin)
        for plugin in in_load_order(load.candidates):
            try:
                load.draft.check(plugin)
                await self._run_on_load(plugin)
                load.draft.add(plugin)
            except LoadError as error:
                failure = self._failure(plugin.module, error, near=plugin.path, plugin=plugin.name)
                load.failures.append(failure)
        self._keep_serving(load)

    def _keep_serving(self, load: _Load) -> None:
        """The live versions of what failed now stay, if they still fit."""
        failed = {failure.module for failure in load.failures if failure.serving}
        for plugin in self.snapshot.all_versions():
            if plugin.module in failed and plugin.name not in load.draft.plugins:
                load.draft.add(plugin)

    async def _run_on_load(self, plugin: LoadedPlugin) -> None:
        try:
            await asyncio.wait_for(
                _call_hook(plugin.plugin.on_load, Plugin.on_load), self._on_load_seconds
            )
        except TimeoutError as error:
            seconds = f"{self._on_load_seconds:g} s"
            raise LoadError(f"on_load did not return within {seconds}", file=plugin.path) from error
        except Exception as error:
            raise importing.as_load_error(error, plugin.path) from error

    def _failure(
        self, module: str, error: Exception, *, near: str = "", plugin: str = ""
    ) -> Failure:
        live = [p for p in self.snapshot.all_versions() if p.module == module]
        live = [p for p in live if p.name == plugin] or ([] if plugin else live)
        logger.warning("plugin failed to load", extra={"module_name": module, "error": str(error)})
        return importing.failure(
            module,
            error,
            near=near,
            plugin=plugin or (live[0].name if live else ""),
            serving=live[0].version if live else "",
        )

    def _check_target(self, load: _Load, module: str, name: str) -> None:
        """Leaving `fresh_import` by an exception puts the old modules back."""
        for failure in load.failures:
            if failure.module == module and failure.plugin in ("", name):
                self._discard(load)
                raise ReloadRejected(
                    failure.message,
                    file=failure.file,
                    line=failure.line,
                    traceback=failure.traceback,
                )

    def _discard(self, load: _Load) -> None:
        """Unload what was only loaded for this draft; remember why it was refused."""
        self.snapshot = replace(self.snapshot, errors=tuple(load.failures))
        drafted = Snapshot(load.draft.plugins)
        self._unload_all_but(drafted.all_versions(), self.snapshot)

    def _retire(self, replaced: Snapshot) -> None:
        self._unload_all_but(replaced.all_versions(), self.snapshot)

    def _unload_all_but(self, plugins: Iterable[LoadedPlugin], serving: Snapshot) -> None:
        kept = {id(plugin.plugin) for plugin in serving.all_versions()}
        for plugin in plugins:
            if id(plugin.plugin) not in kept:
                self._unload_when_idle(plugin)

    def _unload_when_idle(self, plugin: LoadedPlugin) -> None:
        def unload() -> None:
            plugin.calls.idle = None
            self._start(self._run_on_unload(plugin))

        if plugin.calls.count:
            plugin.calls.idle = unload
        else:
            unload()

    async def _run_on_unload(self, plugin: LoadedPlugin) -> None:
        try:
            await _call_hook(plugin.plugin.on_unload, Plugin.on_unload)
        except Exception:
            logger.exception("on_unload failed", extra={"plugin": plugin.key})

    def _start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def close(self) -> None:
        """Run every plugin's `on_unload`."""
        replaced, self.snapshot = self.snapshot, replace(self.snapshot, plugins={}, errors=())
        for plugin in replaced.all_versions():
            await self._run_on_unload(plugin)
        await asyncio.gather(*self._background)

    # --- looking up -------------------------------------------------------------------------------

    def apply_policies(
        self, policies: Mapping[str, Policy], unlisted: Policy = Policy(enabled=False)
    ) -> None:
        """Take over what operators decided; `unlisted` holds for all other plugins."""
        self.snapshot = self.snapshot.under_policies(policies, unlisted)

    def resolve(self, name: str) -> LoadedPlugin:
        """Raises PluginNotFound, or LoadError where the name is known and failed to load."""
        if plugin := self.snapshot.find(name):
            return plugin
        if failures := self.snapshot.failures_of(name):
            raise LoadError(f"Plugin {name!r} could not be loaded: {failures[-1].message}")
        raise PluginNotFound(name, suggestions(self.snapshot.active, name))

    def get(self, name: str) -> LoadedPlugin | None:
        return self.snapshot.find(name)

    def get_all_plugin_names(self) -> list[str]:
        return sorted(self.snapshot.plugins)

    def list_plugins(
        self,
        *,
        category: PluginCategory | str | None = None,
        tags: Iterable[str] = (),
        allowed_models: Iterable[str] = (),
    ) -> list[LoadedPlugin]:
        """Active versions; any of `tags` and any of `allowed_models` is enough."""
        wanted_tags, models = set(tags), set(allowed_models)
        return [
            plugin
            for plugin in self.snapshot.active.values()
            if (category is None or plugin.metadata.category == category)
            and (not wanted_tags or wanted_tags & set(plugin.metadata.tags))
            and (not models or models & set(plugin.metadata.allowed_models))
        ]

    def search(self, query: str) -> list[LoadedPlugin]:
        """Best match first."""
        return [plugin for plugin, _ in rank(self.snapshot.active.values(), query)]

    def get_statistics(self) -> dict[str, Any]:
        return self.snapshot.statistics()


async def _call_hook(hook: Callable[[], Any], default: Callable[..., Any]) -> None:
    """Run a plain or async hook; a plain one in a thread, since it may block."""
    if getattr(hook, "__func__", None) is default:
        return
    if inspect.iscoroutinefunction(hook):
        await hook()
        return
    result = await asyncio.to_thread(hook)
    if inspect.isawaitable(result):
        await result
