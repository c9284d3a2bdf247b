"""Catalogue: other plugins, through the same executor and as the same caller."""

from __future__ import annotations

from typing import Any

import orjson

from plugins_app.core.errors import PluginError, PluginNotFound
from plugins_app.core.execution import Execution
from plugins_app.core.executor import PluginExecutor, answer_of
from plugins_app.core.loaded import LoadedPlugin
from plugins_app.core.middleware.resolve import may_see
from plugins_app.core.ports import CatalogueEntry, JsonObject


class ExecutorCatalogue:
    """What the calling execution's caller may see; nested calls share its deadline."""

    def __init__(self, executor: PluginExecutor, execution: Execution, clock: Any) -> None:
        self._executor, self._execution, self._clock = executor, execution, clock

    async def list(self) -> list[CatalogueEntry]:
        active = self._executor.registry.snapshot.active.values()
        caller = self._execution.caller
        return [_entry(p) for p in active if p.enabled and may_see(caller, p)]

    async def get(self, name: str) -> CatalogueEntry:
        plugin = self._executor.registry.get(name)
        if plugin is None or not may_see(self._execution.caller, plugin):
            raise PluginNotFound(name)
        return _entry(plugin)

    async def call(self, name: str, data: JsonObject) -> Any:
        left = self._execution.deadline - self._clock()
        nested = await self._executor.run(
            name,
            data,
            caller=self._execution.caller,
            source="plugin",
            request_id=self._execution.request_id,
            timeout_ms=max(1.0, left * 1000),
        )
        answer = answer_of(nested)
        if not answer.success:
            raise PluginError(answer.error or f"{name} failed")
        return orjson.loads(answer.data)


def _entry(plugin: LoadedPlugin) -> CatalogueEntry:
    metadata = plugin.metadata
    return CatalogueEntry(
        metadata.name, metadata.version, metadata.description, plugin.input_schema
    )
