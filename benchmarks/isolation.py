"""What a plugin that keeps a processor busy does to the others: in a worker process, beside one
plain process that is as busy and has nothing to do with the server."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import uvloop

from benchmarks.busy import Busy, Calm
from benchmarks.inprocess import INPUT, NoJournal
from benchmarks.measuring import median
from benchmarks.report import Section, Table
from plugins_app.core.discovery import PluginClass
from plugins_app.core.executor import ExecutorOptions, PluginExecutor
from plugins_app.core.memory_state import MemoryState
from plugins_app.core.process_pool import ProcessOptions
from plugins_app.core.registry import PluginRegistry

NAME = "isolation"
TARGET = 2.0
_SPIN = "while True: pass"
_PAUSE = 0.0005
Busyness = Callable[[], AbstractAsyncContextManager[None]]


def run(*, seconds: float = 2.0, rounds: int = 9) -> Section:
    taken = uvloop.run(_measure(seconds, rounds))
    plain = taken["one plain busy process"][1]
    rows = [
        [name, f"{middle:.0f}", f"{slow:.0f}", f"{slow / plain:.2f}x"]
        for name, (middle, slow) in taken.items()
    ]
    text = f"""Latency of calls of another plugin in the same server process, while a plugin with
`isolation="process"` spins in a worker until it is killed and the next one spins. Target: p99 at
most {TARGET:g}x of that beside one plain busy process that has nothing to do with the server."""
    columns = ["beside", "p50 us", "p99 us", "p99, to a plain one"]
    return Section(NAME, "A plugin that keeps a processor busy", [text, Table(columns, rows)])


async def _measure(seconds: float, rounds: int) -> dict[str, tuple[float, float]]:
    """Contender -> microseconds a call: p50 and p99, each the median of its rounds."""
    executor = await _executor(Calm)
    contenders: dict[str, Busyness] = {
        "nothing": _nothing,
        "one plain busy process": _plain,
        "a plugin in a process": _plugin,
    }
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, busy in contenders.items():
            async with busy():
                taken[name].append(await _latencies(executor, seconds))
    return {
        name: (median(p50 for p50, _ in all_of), median(p99 for _, p99 in all_of))
        for name, all_of in taken.items()
    }


async def _executor(plugin: PluginClass) -> PluginExecutor:
    registry = PluginRegistry()
    await registry.register(plugin)
    options = ExecutorOptions(processes=ProcessOptions(workers=1))
    return PluginExecutor(registry, MemoryState(), NoJournal(), options=options)


async def _latencies(executor: PluginExecutor, seconds: float) -> tuple[float, float]:
    call: Callable[[], Awaitable[object]] = lambda: executor.execute("bench.calm", INPUT)  # noqa: E731
    took: list[float] = []
    end = time.perf_counter() + seconds
    while (started := time.perf_counter()) < end:
        await call()
        took.append((time.perf_counter() - started) * 1e6)
        await asyncio.sleep(_PAUSE)
    return statistics.median(took), statistics.quantiles(took, n=100)[98]


@asynccontextmanager
async def _nothing() -> AsyncIterator[None]:
    yield


@asynccontextmanager
async def _plain() -> AsyncIterator[None]:
    process = await asyncio.to_thread(subprocess.Popen, [sys.executable, "-c", _SPIN])
    try:
        yield
    finally:
        process.kill()
        await asyncio.to_thread(process.wait)


@asynccontextmanager
async def _plugin() -> AsyncIterator[None]:
    """Each call is killed at its timeout, and followed by the next. The breaker is new each time,
    and would open after ten."""
    executor = await _executor(Busy)

    async def keep_busy() -> None:
        while (await executor.execute("bench.busy")).metadata["error_code"] == "timeout":
            pass
        raise RuntimeError("the busy plugin is not busy")

    task = asyncio.create_task(keep_busy())
    try:
        yield
    finally:
        if task.done():
            task.result()
        task.cancel()
        await asyncio.wait({task})
        await executor.processes.close()
