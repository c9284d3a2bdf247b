"""What the journal adds to a call, and how many commits a call costs.

    python benchmarks/journal.py [calls]

Runs one empty plugin against a journal in memory and against the real one on a new SQLite file in
a temporary directory, at 1 and at 64 callers at once.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
_directory = tempfile.TemporaryDirectory()
os.environ["ZANTARA_VAR_DIR"] = _directory.name
os.environ.pop("DATABASE_URL", None)
os.environ["DJANGO_SETTINGS_MODULE"] = "zantara.settings"

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db.backends.sqlite3.base import DatabaseWrapper  # noqa: E402

from plugins_app.core import Plugin, PluginInput, PluginMetadata, PluginOutput  # noqa: E402
from plugins_app.core.executor import PluginExecutor  # noqa: E402
from plugins_app.core.testing import MemoryJournal, memory_executor  # noqa: E402
from plugins_app.runtime.journal import ExecutionJournal  # noqa: E402


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
        commit = DatabaseWrapper._commit

        def counted(connection: Any) -> None:
            self.count += 1
            commit(connection)

        DatabaseWrapper._commit = counted


async def measure(executor: PluginExecutor, name: str, callers: int, calls: int) -> list[float]:
    """Seconds of each call."""
    taken: list[float] = []

    async def caller() -> None:
        for _ in range(calls // callers):
            started = time.perf_counter()
            await executor.execute(name)
            taken.append(time.perf_counter() - started)

    await asyncio.gather(*(caller() for _ in range(callers)))
    return taken


async def main(calls: int) -> None:
    commits = Commits()
    journal: Any = ExecutionJournal(worker="benchmark")
    for label, made in (("memory", MemoryJournal()), ("SQLite", journal)):
        executor = await memory_executor(Read, Write, journal=made)
        for name in ("bench.read", "bench.write"):
            for callers in (1, 64):
                await measure(executor, name, callers, callers * 10)
                before, started = commits.count, time.perf_counter()
                taken = await measure(executor, name, callers, calls)
                seconds = time.perf_counter() - started
                print(
                    f"{label:<8} {name:<12} {callers:>3} callers  "
                    f"p50 {statistics.median(taken) * 1000:7.3f} ms  "
                    f"p99 {statistics.quantiles(taken, n=100)[98] * 1000:7.3f} ms  "
                    f"{len(taken) / seconds:7.0f} calls/s  "
                    f"{(commits.count - before) / len(taken):.3f} commits per call"
                )
    journal.close()


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 6_400))
