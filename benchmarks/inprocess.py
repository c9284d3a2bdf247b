"""What the engine adds to a call in the same process: `executor.execute` over the plugin's bare
coroutine. State in memory, a journal that writes nothing, 1 KB of input, garbage collection on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import cycle

import uvloop

from benchmarks.bench_plugins.bench.echo import Change, EchoInput, Lookup
from benchmarks.measuring import Stopwatch, median
from benchmarks.report import Section, Table
from plugins_app.core.caller import ALL_SCOPES, Caller, CallerKind
from plugins_app.core.execution import Execution
from plugins_app.core.executor import PluginExecutor
from plugins_app.core.loaded import LoadedPlugin
from plugins_app.core.memory_state import MemoryState
from plugins_app.core.registry import PluginRegistry
from plugins_app.core.state import Transition

NAME = "inprocess"
TARGET_US = 60.0
CALLERS = 1_000
INPUT = {"text": "x" * 1_000, "count": 3}


class NoJournal:
    async def accept(self, execution: Execution) -> None:
        pass

    async def finish(self, execution: Execution) -> None:
        pass

    def refuse(self, execution: Execution) -> None:
        pass

    def breaker_moved(self, plugin: LoadedPlugin, transitions: tuple[Transition, ...]) -> None:
        pass


def run(*, calls: int = 3_000, rounds: int = 9) -> Section:
    taken = uvloop.run(_measure(calls, rounds))
    bare = taken["the bare coroutine"]
    rows = [[name, f"{us:.1f}", f"{us - bare:.1f}"] for name, us in taken.items()]
    text = f"""`executor.execute` over the plugin's own coroutine, one call after the other. Target:
at most {TARGET_US:.0f} us over it. Rate limit (of {CALLERS:,} callers) and breaker are on."""
    columns = ["", "CPU us a call", "over the bare coroutine"]
    return Section(NAME, "A call in the same process", [text, Table(columns, rows)])


async def _measure(calls: int, rounds: int) -> dict[str, float]:
    """Contender -> CPU microseconds a call."""
    registry = PluginRegistry()
    for plugin in (Lookup, Change):
        await registry.register(plugin)
    executor = PluginExecutor(registry, MemoryState(), NoJournal())
    bare = registry.resolve("bench.change").plugin.execute
    callers = cycle([Caller(f"key:{n}", CallerKind.KEY, scopes=ALL_SCOPES) for n in range(CALLERS)])
    checked = EchoInput.model_validate(INPUT)

    def execute(name: str, *, use_cache: bool) -> Awaitable[object]:
        return executor.execute(name, INPUT, caller=next(callers), use_cache=use_cache)

    contenders: dict[str, Callable[[], Awaitable[object]]] = {
        "the bare coroutine": lambda: bare(checked),
        "side effects": lambda: execute("bench.change", use_cache=False),
        "read-only": lambda: execute("bench.lookup", use_cache=False),
        "cache hit": lambda: execute("bench.lookup", use_cache=True),
    }
    for call in contenders.values():
        await _one_round(call, CALLERS)
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, call in contenders.items():
            taken[name].append(await _one_round(call, calls))
    if refused := sum(executor.get_metrics(name)["refused"] for name in registry.snapshot.plugins):
        raise RuntimeError(f"{refused} calls were refused, so that other things were measured")
    return {name: median(rounds_of) for name, rounds_of in taken.items()}


async def _one_round(call: Callable[[], Awaitable[object]], calls: int) -> float:
    watch = Stopwatch()
    for _ in range(calls):
        await call()
    return watch.read().cpu / calls * 1e6
