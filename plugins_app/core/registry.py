"""PluginRegistry: loads plugins into immutable snapshots and answers who is who.

One load at a time builds a draft aside (import, check, on_load) and swaps one reference; calls
in flight finish on the objects they started with. What fails is recorded and takes nothing else
down; where an older version of it was live, that one keeps serving.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from plugins_app.core import importing
from plugins_app.core.discovery import ClassSource, DirectorySource, ModuleRef, PluginClass, Source
from plugins_app.core.errors import LoadError, PluginNotFound, ReloadRejected
from plugins_app.core.hooks import run_on_unload
from plugins_app.core.importing import Failure, dependants
from plugins_app.core.loaded import ConfigFor, LoadedPlugin
from plugins_app.core.loading import Load, Progress
from plugins_app.core.metadata import PluginCategory
from plugins_app.core.search import rank, suggestions
from plugins_app.core.snapshot import Policy, Snapshot
from plugins_app.core.survey import Choose, Survey, all_of, none_of

ON_LOAD_SECONDS = 30.0

__all__ = ["PluginRegistry", "Progress"]

UNLISTED = Policy(enabled=False)


def _no_progress(done: int, total: int, module: str) -> None:
    pass


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

    async def reload_families(
        self, names: Iterable[str], *, progress: Progress = _no_progress
    ) -> Snapshot:
        """Import the families of these plugins and their dependants anew, in one load: what fails
        is in the snapshot's errors and serves on as it was, and the others are replaced. Raises
        PluginNotFound for a name nobody knows."""
        async with self._lock:
            modules = {self._module_of(name)[0] for name in names}
            wanted = {self._survey.family_of[m] for m in modules if m in self._survey.family_of}
            return await self._load(lambda families: wanted & families, progress)

    def family_of(self, plugin: LoadedPlugin) -> str:
        """What is reloaded with it."""
        return self._survey.family_of.get(plugin.module, plugin.module)

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
            await self._load(none_of)
            if plugin := self._loaded_from(cls):
                return plugin
            self._classes.classes.remove(cls)
            raise self._why_not(cls)

    def _why_not(self, cls: PluginClass) -> LoadError:
        name = getattr(getattr(cls, "metadata", None), "name", "")
        failures = [f for f in self.snapshot.errors if f.module == cls.__module__]
        for failure in [f for f in failures if f.plugin == name] or failures:
            return LoadError(failure.message, file=failure.file, line=failure.line)
        return LoadError(f"{cls.__qualname__} is not defined at the top of {cls.__module__}")

    def _loaded_from(self, cls: PluginClass) -> LoadedPlugin | None:
        wanted = (cls.__module__, cls.__qualname__)
        for plugin in self.snapshot.all_versions():
            found = type(plugin.plugin)
            if (found.__module__, found.__qualname__) == wanted:
                return plugin
        return None

    async def discover_plugins(self, path: str | Path, package: str | None = None) -> Snapshot:
        """Add a directory as a source and load what it holds."""
        self.add_directory(path, package)
        return await self.load()

    def add_directory(self, path: str | Path, package: str | None = None) -> None:
        """One more source, once; the next load takes it in."""
        source = DirectorySource(Path(path), package)
        known = [s.directory for s in self._sources if isinstance(s, DirectorySource)]
        if source.directory not in known:
            self._sources.append(source)

    async def _load(
        self,
        choose: Choose,
        progress: Progress = _no_progress,
        target: tuple[str, str] | None = None,
    ) -> Snapshot:
        load = await asyncio.to_thread(self._begin, choose)
        with importing.fresh_import(load.to_import) as old_modules:
            await asyncio.to_thread(load.import_all, old_modules, progress)
            await load.assemble()
            if target:
                self._check_target(load, *target)
        replaced, self._survey = self.snapshot, load.survey
        self.snapshot = replace(replaced, plugins=load.draft.plugins, errors=tuple(load.failures))
        self._retire(replaced)
        return self.snapshot

    def _begin(self, choose: Choose) -> Load:
        failures: list[Failure] = []
        survey = Survey.of(self._references(failures))
        failed = [failure.module for failure in self.snapshot.errors]
        stale = survey.stale(self._survey, failed, choose)
        known = stale & self._survey.digests.keys()
        for source in survey.sources(known):
            importing.drop_bytecode(source)
        for source in survey.sources(stale - known):
            importing.drop_older_bytecode(source)
        return Load(
            survey,
            self.snapshot,
            stale,
            tuple(self._classes.classes),
            self._config_for,
            self._on_load_seconds,
            failures,
        )

    def _references(self, failures: list[Failure]) -> Iterator[ModuleRef]:
        for source in (*self._sources, self._classes):
            try:
                yield from source.modules()
            except Exception as error:
                failures.append(importing.failure(type(source).__name__, error))

    def _check_target(self, load: Load, module: str, name: str) -> None:
        """Leaving `fresh_import` by an exception puts the old modules back."""
        unit = dependants({self._survey.family_of[module]}, load.survey.digests)
        if refusal := load.refusal(module, name, unit):
            self._discard(load)
            raise ReloadRejected(
                str(refusal), file=refusal.file, line=refusal.line, traceback=refusal.traceback
            )

    def _discard(self, load: Load) -> None:
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
            self._start(run_on_unload(plugin, self._on_load_seconds))

        if plugin.calls.count:
            plugin.calls.idle = unload
        else:
            unload()

    def _start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def close(self) -> None:
        """Run every plugin's `on_unload`."""
        replaced, self.snapshot = self.snapshot, replace(self.snapshot, plugins={}, errors=())
        for plugin in replaced.all_versions():
            await run_on_unload(plugin, self._on_load_seconds)
        await asyncio.gather(*self._background)

    # --- looking up -------------------------------------------------------------------------------

    def apply_policies(self, policies: Mapping[str, Policy], unlisted: Policy = UNLISTED) -> None:
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
