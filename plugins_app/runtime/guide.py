"""The deployment guide's names, usable from any event loop and from none."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from plugins_app.core.discovery import PluginClass
from plugins_app.core.loaded import LoadedPlugin
from plugins_app.core.plugin import PluginOutput
from plugins_app.core.registry import PluginRegistry
from plugins_app.core.snapshot import Snapshot
from plugins_app.runtime.engine import current_engine, redis_in_use, use_redis
from plugins_app.runtime.loop import engine_loop


class Registry:
    """This process's PluginRegistry. What loads is awaited; what looks up answers at once."""

    async def register(self, cls: PluginClass) -> LoadedPlugin:
        return await engine_loop.bring(current_engine().registry.register(cls))

    async def discover_plugins(self, path: str | Path, package: str | None = None) -> Snapshot:
        return await engine_loop.bring(current_engine().registry.discover_plugins(path, package))

    async def reload(self, name: str) -> LoadedPlugin:
        return await engine_loop.bring(current_engine().registry.reload(name))

    def get(self, name: str) -> LoadedPlugin | None:
        return self._loaded().get(name)

    def get_all_plugin_names(self) -> list[str]:
        return self._loaded().get_all_plugin_names()

    def list_plugins(self, **filters: Any) -> list[LoadedPlugin]:
        """Filters: category, tags, allowed_models."""
        return self._loaded().list_plugins(**filters)

    def search(self, query: str) -> list[LoadedPlugin]:
        return self._loaded().search(query)

    def get_statistics(self) -> dict[str, Any]:
        return self._loaded().get_statistics()

    def _loaded(self) -> PluginRegistry:
        engine = current_engine()
        if not engine.loaded and not engine_loop.here:
            engine_loop.run(engine.open())
        return engine.registry


class Executor:
    """This process's PluginExecutor, as the in-process `system` caller."""

    @property
    def redis(self) -> str:
        """Address of the Redis that shares limits, breakers and answers; empty without one."""
        return redis_in_use()

    @redis.setter
    def redis(self, url: str) -> None:
        """Before the first use of this process's engine; raises RuntimeError after it."""
        use_redis(url)

    async def execute(
        self,
        name: str,
        data: Any = None,
        *,
        use_cache: bool = True,
        timeout: float | None = None,
    ) -> PluginOutput:
        """`timeout` is in milliseconds."""
        return await engine_loop.bring(self._execute(name, data, use_cache, timeout))

    async def _execute(
        self, name: str, data: Any, use_cache: bool, timeout: float | None
    ) -> PluginOutput:
        engine = current_engine()
        await engine.open()
        return await engine.executor.execute(name, data, use_cache=use_cache, timeout=timeout)

    async def warm_plugins(self, names: Iterable[str]) -> dict[str, int]:
        return await engine_loop.bring(self._warm(list(names)))

    async def _warm(self, names: list[str]) -> dict[str, int]:
        engine = current_engine()
        await engine.open()
        return await engine.executor.warm_plugins(names)

    def get_metrics(self, name: str) -> dict[str, Any]:
        return current_engine().executor.get_metrics(name)


registry = Registry()
executor = Executor()
