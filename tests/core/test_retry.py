from __future__ import annotations

import asyncio
from typing import Any

import pytest

from plugins_app.core import PluginError, PluginOutput, TransientError
from plugins_app.core.execution import Execution
from plugins_app.core.memory_state import MemoryState
from plugins_app.core.middleware.retry import Budget
from plugins_app.core.testing import ManualTime, memory_executor
from tests.core.calls import Number, plugin
from tests.core.test_executor import code, run

TWICE: dict[str, Any] = {"max_attempts": 3, "idempotent": True}


def failing(*failures: Exception, **metadata: Any) -> Any:
    """A plugin that raises these, one per attempt, and then answers."""
    left = list(failures)

    async def execute(self: Any, input_data: Number) -> PluginOutput:
        if left:
            raise left.pop(0)
        return PluginOutput(data="done")

    return plugin(execute, **{**TWICE, **metadata})


async def tried(
    *failures: Exception, time: ManualTime | None = None, random: float = 0.5, **metadata: Any
) -> Execution:
    time = time or ManualTime()
    state = MemoryState(clock=time.clock)
    made = failing(*failures, **metadata)
    executor = await memory_executor(made, state=state, world=time.world(lambda: random))
    return await run(executor)


@pytest.mark.parametrize(
    ("error", "attempts"),
    [
        (TransientError("busy"), 2),
        (ConnectionResetError(), 2),
        (TimeoutError(), 2),
        (PluginError("no such person"), 1),
        (ValueError("bug"), 1),
    ],
)
async def test_only_what_a_repeat_may_cure_is_repeated(error: Exception, attempts: int) -> None:
    execution = await tried(error)
    assert (execution.attempts, code(execution)) == (
        attempts,
        "" if attempts == 2 else "plugin_error",
    )


async def test_a_timed_out_attempt_is_repeated() -> None:
    runs: list[int] = []

    async def execute(self: Any, input_data: Number) -> PluginOutput:
        runs.append(1)
        if len(runs) == 1:
            await asyncio.Event().wait()
        return PluginOutput()

    made = plugin(execute, timeout=0.01, **TWICE)
    execution = await run(await memory_executor(made, world=ManualTime().world()))
    assert (execution.attempts, code(execution)) == (2, "")


async def test_attempts_end_with_max_attempts() -> None:
    execution = await tried(*[TransientError("busy")] * 9)
    assert (execution.attempts, str(execution.error)) == (3, "busy")


async def test_one_attempt_is_the_default() -> None:
    execution = await tried(TransientError("busy"), max_attempts=1)
    assert (execution.attempts, code(execution)) == (1, "plugin_error")


@pytest.mark.parametrize(
    ("random", "pauses"),
    [(0.0, [0.0] * 5), (0.5, [0.1, 0.2, 0.4, 0.8, 1.6]), (1.0, [0.2, 0.4, 0.8, 1.6, 3.2])],
)
async def test_pauses_are_spread_over_a_doubling_range(random: float, pauses: list[float]) -> None:
    time = ManualTime()
    await tried(*[TransientError("busy")] * 5, time=time, random=random, max_attempts=6)
    assert time.sleeps == pytest.approx(pauses)


async def test_pauses_never_exceed_5_seconds_by_themselves() -> None:
    time = ManualTime()
    await tried(*[TransientError("busy")] * 9, time=time, random=1.0, max_attempts=10)
    assert time.sleeps[-4:] == [5.0] * 4


async def test_the_upstreams_retry_after_is_respected() -> None:
    time = ManualTime()
    execution = await tried(TransientError("busy", retry_after=3.0), time=time)
    assert (time.sleeps, code(execution)) == ([3.0], "")


async def test_a_pause_beyond_the_deadline_is_not_begun() -> None:
    time = ManualTime()
    execution = await tried(TransientError("busy", retry_after=999.0), time=time)
    assert (time.sleeps, execution.attempts) == ([], 1)


async def test_an_open_breaker_ends_the_retrying() -> None:
    time = ManualTime()
    execution = await tried(*[TransientError("busy")] * 20, time=time, max_attempts=10)
    assert execution.attempts == 10
    executor_state = MemoryState(clock=time.clock)
    made = failing(*[TransientError("busy")] * 20, max_attempts=4)
    executor = await memory_executor(made, state=executor_state, world=time.world())
    attempts = [(await run(executor)).attempts for _ in range(4)]
    assert attempts == [4, 4, 2, 0]


async def test_each_attempt_is_one_sample_of_the_breaker() -> None:
    time = ManualTime()
    state = MemoryState(clock=time.clock)
    made = failing(TransientError("busy"), TransientError("busy"))
    await run(await memory_executor(made, state=state, world=time.world()))
    assert list(state._breakers["breaker:t@1.0.0"].window) == [False, False, True]


@pytest.mark.parametrize(("calls", "allowed"), [(1, 3), (15, 3), (16, 3), (20, 4), (100, 20)])
def test_retries_in_flight_never_exceed_a_fifth_of_the_calls_or_three(
    calls: int, allowed: int
) -> None:
    budget = Budget(calls=calls)
    while not budget.spent:
        budget.retries += 1
    assert budget.retries == allowed


async def test_a_spent_budget_ends_retrying_and_is_given_back() -> None:
    gate = asyncio.Event()
    runs: dict[int, int] = {}

    async def execute(self: Any, input_data: Number) -> PluginOutput:
        runs[input_data.n] = runs.get(input_data.n, 0) + 1
        if runs[input_data.n] == 1:
            raise TransientError("busy")
        await gate.wait()
        return PluginOutput()

    executor = await memory_executor(plugin(execute, **TWICE), world=ManualTime().world())
    calls = [asyncio.create_task(run(executor, {"n": n})) for n in range(5)]
    done, _ = await asyncio.wait(calls, timeout=0.02)
    gate.set()
    executions = await asyncio.gather(*calls)
    assert len(done) == 2
    assert sorted(e.attempts for e in executions) == [1, 1, 2, 2, 2]
    assert (await run(executor, {"n": 99})).attempts == 2
