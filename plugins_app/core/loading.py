"""One load: from the survey of the sources to a draft of the next snapshot."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType

from plugins_app.core import importing
from plugins_app.core.discovery import ModuleRef, PluginClass
from plugins_app.core.errors import LoadError
from plugins_app.core.hiding import Hidden, hiding
from plugins_app.core.hooks import run_on_load
from plugins_app.core.importing import Failure
from plugins_app.core.loaded import ConfigFor, LoadedPlugin, build
from plugins_app.core.snapshot import Draft, Snapshot, circle_through, in_load_order
from plugins_app.core.survey import Survey

logger = logging.getLogger(__name__)

Progress = Callable[[int, int, str], None]


@dataclass(slots=True)
class Load:
    """`live` is what serves meanwhile; `classes` were handed over and are not imported anew."""

    survey: Survey
    live: Snapshot
    stale: set[str]
    classes: Sequence[PluginClass]
    config_for: ConfigFor
    on_load_seconds: float
    failures: list[Failure]
    draft: Draft = field(default_factory=Draft)
    _candidates: list[LoadedPlugin] = field(default_factory=list)
    _failed_modules: set[str] = field(default_factory=set)

    @property
    def to_import(self) -> set[str]:
        return self.stale - {cls.__module__ for cls in self.classes}

    def import_all(self, old_modules: Mapping[str, ModuleType], progress: Progress) -> None:
        """Blocks: files are read and plugins' top-level code runs."""
        todo = [ref for ref in self.survey.references if self._concerns(ref)]
        for done, reference in enumerate(todo, 1):
            try:
                self._import(reference)
            except LoadError as error:
                self._failed_modules.add(reference.name)
                self._fail(reference.name, error, near=reference.path)
                if old := old_modules.get(reference.name):
                    importing.put_back(old)
            progress(done, len(todo), reference.name)

    def _concerns(self, reference: ModuleRef) -> bool:
        return reference.family in self.stale or any(self._newcomers(reference))

    def _newcomers(self, reference: ModuleRef) -> Iterator[PluginClass]:
        """Handed-over classes of a module that was not imported from a directory."""
        if own := [cls for cls in self.classes if cls.__module__ == reference.family]:
            serving = {type(plugin.plugin) for plugin in self.live.all_versions()}
            yield from (cls for cls in own if cls not in serving)

    def _import(self, reference: ModuleRef) -> None:
        module = importing.import_module(reference)
        for cls in self._classes_of(reference, module):
            try:
                source_hash = self.survey.source_hash(reference)
                self._candidates.append(build(cls, self.config_for, source_hash))
            except (Exception, SystemExit) as error:
                located = importing.as_load_error(error, reference.path)
                located = importing.at_class(located, cls, reference.path)
                name = getattr(getattr(cls, "metadata", None), "name", "")
                self._fail(reference.name, located, plugin=name)

    def _classes_of(self, reference: ModuleRef, module: ModuleType) -> list[PluginClass]:
        if reference.family not in self.stale:
            return list(self._newcomers(reference))
        registered = [cls for cls in self.classes if cls.__module__ == reference.family]
        return registered or importing.plugin_classes(module)

    async def assemble(self) -> None:
        """Kept plugins first: a newcomer never takes a live one's place."""
        kept = self.survey.digests.keys() - self.stale
        for plugin in self.live.all_versions():
            if self.survey.family_of.get(plugin.module) in kept:
                self.draft.add(plugin)
            elif plugin.module in self._failed_modules:
                self._keep_serving(plugin)
        for plugin in in_load_order(self._candidates):
            with hiding(Hidden(plugin.secrets)):
                await self._add(plugin)
        self._keep_what_failed()

    async def _add(self, plugin: LoadedPlugin) -> None:
        try:
            self._check(plugin)
            await run_on_load(plugin, self.on_load_seconds)
            self.draft.add(plugin)
        except LoadError as error:
            self._fail(plugin.module, error, near=plugin.path, plugin=plugin.name)

    def _check(self, plugin: LoadedPlugin) -> None:
        try:
            self.draft.check(plugin)
        except LoadError as error:
            if circle := circle_through(plugin, self._candidates):
                raise LoadError(f"Circular dependency: {circle}", file=plugin.path) from error
            raise

    def _keep_what_failed(self) -> None:
        """The live versions of what failed now stay, if they still fit."""
        failed = {(failure.module, failure.plugin) for failure in self.failures}
        for plugin in self.live.all_versions():
            if (plugin.module, plugin.name) in failed:
                self._keep_serving(plugin)

    def _keep_serving(self, plugin: LoadedPlugin) -> None:
        if self.draft.plugins.get(plugin.name, {}).get(plugin.version) is plugin:
            return
        try:
            self.draft.check_names(plugin)
        except LoadError as error:
            logger.warning("a failed plugin's name was taken", extra={"error": str(error)})
        else:
            self.draft.add(plugin)

    def _fail(self, module: str, error: Exception, *, near: str = "", plugin: str = "") -> None:
        live = [p for p in self.live.all_versions() if p.module == module]
        live = [p for p in live if p.name == plugin] or ([] if plugin else live)
        logger.warning("plugin failed to load", extra={"module_name": module, "error": str(error)})
        failure = importing.failure(
            module,
            error,
            near=near,
            plugin=plugin or (live[0].name if live else ""),
            serving=live[0].version if live else "",
        )
        self.failures.append(failure)

    def refusal(self, module: str, name: str, unit: set[str]) -> LoadError | None:
        """Why a reload of this plugin must not go live: it, or what is reloaded with it, broke."""
        own = [f for f in self.failures if f.module == module and f.plugin in ("", name)]
        broken = [
            f for f in self.failures if f.serving and self.survey.family_of.get(f.module) in unit
        ]
        for failure in (*own, *broken):
            return LoadError(
                failure.message,
                file=failure.file,
                line=failure.line,
                traceback=failure.traceback,
            )
        if not any(p.module == module for p in self.draft.plugins.get(name, {}).values()):
            return LoadError(f"{module} does not define {name!r} any more")
        return None
