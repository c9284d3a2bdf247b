"""Fills this process's cache from the plugins' own examples when somebody asks for it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from plugins_app.core.errors import ZantaraError
from plugins_app.core.executor import PluginExecutor
from plugins_app.runtime.loop import engine_loop

logger = logging.getLogger(__name__)

Report = Mapping[str, Any]
"""`request`, `answers` that the cache holds now, `examples` they are for, `error` or empty."""


class Warmer:
    """Works on the engine's loop: the watcher, which asks, must not wait for plugins."""

    def __init__(self, executor: PluginExecutor) -> None:
        self._executor = executor
        self._running: list[Future[None]] = []
        self.reports: Mapping[str, Report] = {}
        """By plugin. Another mapping whenever something was added."""

    def begin(self, requests: Mapping[str, int]) -> None:
        """`requests`: plugin -> number of the request."""
        self._running = [future for future in self._running if not future.done()]
        if requests:
            self._running.append(engine_loop.submit(self._warm_all(requests)))

    def stop(self) -> None:
        for future in self._running:
            future.cancel()

    async def _warm_all(self, requests: Mapping[str, int]) -> None:
        for name, request in requests.items():
            report = {"request": request, **await self._warm(name)}
            self.reports = {**self.reports, name: report}

    async def _warm(self, name: str) -> dict[str, Any]:
        try:
            examples = len(self._executor.registry.resolve(name).metadata.examples)
            answers = (await self._executor.warm_plugins([name]))[name]
        except ZantaraError as error:
            return {"answers": 0, "examples": 0, "error": str(error)}
        except Exception as error:
            logger.exception("warming failed", extra={"plugin": name})
            return {"answers": 0, "examples": 0, "error": type(error).__name__}
        return {"answers": answers, "examples": examples, "error": ""}
