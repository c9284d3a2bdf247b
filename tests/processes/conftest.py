"""Executors whose workers end with the test, and what is left of processes afterwards."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest_asyncio

from plugins_app.core.context import Ports
from plugins_app.core.executor import ExecutorOptions, PluginExecutor
from plugins_app.core.process_pool import ProcessOptions
from plugins_app.core.testing import memory_executor

Make = Callable[..., Awaitable[PluginExecutor]]


async def until(condition: Callable[[], Any], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  (conditions of many kinds)
            await asyncio.sleep(0.01)


def resources() -> tuple[int, set[str]]:
    """Open descriptors and threads of this process."""
    gc.collect()
    names = {thread.name for thread in threading.enumerate()}
    return len(list(Path("/proc/self/fd").iterdir())), {n for n in names if n.startswith("plugin-")}


def runs(pid: int) -> bool:
    """Whether it is there and no zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


@pytest_asyncio.fixture
async def make() -> AsyncIterator[Make]:
    """make(*plugins, workers=1, ...) gives an executor; at the end nothing may be left of it."""
    await asyncio.sleep(0)
    before, made = resources(), []

    async def make(*plugins: Any, ports: Ports | None = None, **options: Any) -> PluginExecutor:
        chosen = ExecutorOptions(processes=ProcessOptions(**{"workers": 1, **options}))
        made.append(await memory_executor(*plugins, ports=ports, options=chosen))
        return made[-1]

    yield make
    for executor in made:
        workers = set(executor.processes._workers)
        await executor.processes.close()
        assert [worker.alive for worker in workers] == [False] * len(workers)
    await until(lambda: resources() <= before)
