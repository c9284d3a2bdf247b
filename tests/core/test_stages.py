"""What the time of a call goes into."""

from __future__ import annotations

from typing import Any

from plugins_app.core import PluginOutput, TransientError
from plugins_app.core.execution import Execution
from plugins_app.core.memory_state import MemoryState
from plugins_app.core.testing import ManualTime, memory_executor
from tests.core.calls import Number, echo, plugin
from tests.core.test_executor import run


def stages(execution: Execution) -> list[str]:
    return execution.marks[::2]


async def test_a_call_that_may_change_something_is_accepted_before_it_is_tried() -> None:
    execution = await run(await memory_executor(plugin(echo)))
    assert stages(execution) == ["admit", "accept", "attempt", "output", "settle"]


async def test_a_call_that_changes_nothing_needs_no_acceptance() -> None:
    execution = await run(await memory_executor(plugin(echo, read_only=True)))
    assert stages(execution) == ["admit", "attempt", "output", "settle"]


async def test_a_cached_answer_is_given_at_admission() -> None:
    executor = await memory_executor(plugin(echo, read_only=True, cache_ttl=60))
    await run(executor)
    assert stages(await run(executor)) == ["admit"]


async def test_a_call_that_is_refused_for_its_input_goes_nowhere() -> None:
    assert stages(await run(await memory_executor(plugin(echo)), {"n": "x"})) == []


async def test_every_attempt_and_pause_stands_for_itself_with_the_error_before_it() -> None:
    time, left = ManualTime(), [TransientError("busy"), TimeoutError()]

    async def execute(self: Any, input_data: Number) -> PluginOutput:
        time.now += 2.0
        if left:
            raise left.pop(0)
        return PluginOutput()

    made = plugin(execute, max_attempts=3, read_only=True)
    state = MemoryState(clock=time.clock)
    execution = await run(await memory_executor(made, state=state, world=time.world(lambda: 0.5)))

    begun = [round(at - 1_000.0, 6) for at in execution.marks[1::2]]
    assert list(zip(stages(execution), begun, strict=True)) == [
        ("admit", 0.0),
        ("attempt", 0.0),
        ("pause:plugin_error", 2.0),
        ("attempt", 2.1),
        ("pause:plugin_error", 4.1),
        ("attempt", 4.3),
        ("output", 6.3),
        ("settle", 6.3),
    ]
    assert round(execution.duration, 6) == 6.3
