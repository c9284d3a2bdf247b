"""Lives through the demo's days with the real engine, on a clock that need not wait."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

from django.db import connections
from ulid import ULID

from plugins_app.core.discovery import DirectorySource
from plugins_app.core.executor import PluginExecutor, World
from plugins_app.core.memory_state import MemoryState
from plugins_app.core.registry import PluginRegistry
from plugins_app.demo.clock import VirtualTimeLoop
from plugins_app.demo.journal import PastJournal
from plugins_app.demo.traffic import Call


class Past:
    """From `begin` on. Its registry is its own: nothing of this process serves from it."""

    def __init__(self, directory: Path, begin: datetime) -> None:
        self._begin, self._loop = begin, VirtualTimeLoop()
        self._registry = PluginRegistry(DirectorySource(directory, f"{directory.name}_past"))
        self._thread = ThreadPoolExecutor(1)  # Django's database calls keep away from event loops
        self.journal = PastJournal(self.now)
        self._executor = PluginExecutor(
            self._registry,
            MemoryState(clock=self._loop.time),
            self.journal,
            world=World(
                clock=self._loop.time,
                now=self.now,
                random=random.random,
                new_id=lambda: str(ULID.from_datetime(self.now())),
            ),
        )

    def now(self) -> datetime:
        return self._begin + timedelta(seconds=self._loop.time())

    def load(self) -> None:
        """What the directory holds now serves from here on."""
        asyncio.run(self._registry.load())

    def live(self, calls: Iterable[Call], progress: Callable[[datetime], None]) -> None:
        self._loop.run_until_complete(self._live(calls, progress))
        self._write()

    async def _live(self, calls: Iterable[Call], progress: Callable[[datetime], None]) -> None:
        running: set[asyncio.Task[object]] = set()
        for call in calls:
            await asyncio.sleep((call.at - self.now()).total_seconds())
            task = asyncio.create_task(
                self._executor.run(call.plugin.name, call.data, caller=call.caller, source="rest")
            )
            running.add(task)
            task.add_done_callback(running.discard)
            if self.journal.full:
                self._write()
                progress(call.at)
        await asyncio.gather(*running)

    def _write(self) -> None:
        self._thread.submit(self.journal.flush).result()

    def close(self) -> None:
        self._thread.submit(connections.close_all).result()
        self._thread.shutdown()
        self._loop.close()
