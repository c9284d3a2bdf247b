"""One round of the journal's benchmark, in an installation of its own:

python -m benchmarks.journal_calls CALLS CALLERS ...

Prints a JSON list: kind, callers, added_ms (median, over a journal in memory), p99_ms, commits.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from asyncio import gather
from typing import Any

import django
import uvloop

django.setup()

from django.db.backends.base.base import BaseDatabaseWrapper  # noqa: E402

from plugins_app.core import Plugin, PluginInput, PluginMetadata, PluginOutput  # noqa: E402
from plugins_app.core.executor import PluginExecutor  # noqa: E402
from plugins_app.core.testing import MemoryJournal, memory_executor  # noqa: E402
from plugins_app.runtime.journal import ExecutionJournal  # noqa: E402

KINDS = {"read-only": "bench.read", "side effects": "bench.write"}


class Read(Plugin[PluginInput, PluginOutput]):
    metadata = PluginMetadata(name="bench.read", read_only=True)

    async def execute(self, input_data: PluginInput) -> PluginOutput:
        return PluginOutput(data=1)


class Write(Plugin[PluginInput, PluginOutput]):
    metadata = PluginMetadata(name="bench.write")

    async def execute(self, input_data: PluginInput) -> PluginOutput:
        return PluginOutput(data=1)


class Commits:
    def __init__(self) -> None:
        self.count = 0
        commit = BaseDatabaseWrapper._commit

        def counted(connection: Any) -> None:
            self.count += 1
            commit(connection)

        BaseDatabaseWrapper._commit = counted  # type: ignore[method-assign]


async def seconds(executor: PluginExecutor, name: str, callers: int, calls: int) -> list[float]:
    taken: list[float] = []

    async def caller() -> None:
        for _ in range(max(1, calls // callers)):
            begun = time.perf_counter()
            output = await executor.execute(name)
            taken.append(time.perf_counter() - begun)
            assert output.success, output.error

    await gather(*(caller() for _ in range(callers)))
    return taken


async def main(calls: int, crowds: list[int]) -> list[dict[str, Any]]:
    commits, journal = Commits(), ExecutionJournal(worker="benchmark")
    real = await memory_executor(Read, Write, journal=journal)  # type: ignore[arg-type]
    memory = await memory_executor(Read, Write, journal=MemoryJournal())
    found = []
    for kind, name in KINDS.items():
        for callers in crowds:
            await seconds(real, name, callers, callers * 3)
            least = statistics.median(await seconds(memory, name, callers, calls))
            before = commits.count
            taken = await seconds(real, name, callers, calls)
            found.append(
                {
                    "kind": kind,
                    "callers": callers,
                    "added_ms": (statistics.median(taken) - least) * 1000,
                    "p99_ms": statistics.quantiles(taken, n=100)[98] * 1000,
                    "commits": (commits.count - before) / len(taken),
                }
            )
    journal.close()
    return found


if __name__ == "__main__":
    count, *at_once = map(int, sys.argv[1:])
    print(json.dumps(uvloop.run(main(count, at_once))))
