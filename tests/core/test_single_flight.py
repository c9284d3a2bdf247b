from __future__ import annotations

import asyncio
from typing import Any

import pytest

from plugins_app.core import PluginError, PluginOutput
from plugins_app.core.execution import Answer, Status
from plugins_app.core.executor import PluginExecutor
from plugins_app.core.memory_state import MemoryState
from plugins_app.core.snapshot import Policy
from plugins_app.core.state import Settlement
from plugins_app.core.testing import ManualTime, MemoryJournal, memory_executor
from tests.core.calls import OTHER, USER, Number, plugin
from tests.core.test_executor import code, run

CACHED: dict[str, Any] = {"read_only": True, "cache_ttl": 60}


class Gated:
    """A plugin's execute that waits at a gate and counts how often it ran."""

    def __init__(self, *failures: Exception) -> None:
        self.gate, self.runs, self.failures = asyncio.Event(), 0, list(failures)

    def made(self, **metadata: Any) -> Any:
        async def execute(plugin: Any, input_data: Number) -> PluginOutput:
            self.runs += 1
            await self.gate.wait()
            if self.failures:
                raise self.failures.pop()
            return PluginOutput(data=self.runs, metadata={"source": "upstream"})

        return plugin(execute, **{**CACHED, **metadata})


async def counting(*, name: str = "t", **metadata: Any) -> tuple[PluginExecutor, Gated]:
    gated = Gated()
    gated.gate.set()
    return await memory_executor(gated.made(name=name, **metadata)), gated


async def until(condition: Any) -> None:
    async with asyncio.timeout(2):
        while not condition():  # noqa: ASYNC110  (conditions of many kinds)
            await asyncio.sleep(0)


async def waiting(executor: PluginExecutor, calls: int, count: int = -1) -> list[Any]:
    tasks = [asyncio.create_task(run(executor)) for _ in range(calls)]
    followers = calls - 1 if count < 0 else count
    await until(lambda: executor.registry.resolve("t").calls.waiting == followers)
    return tasks


async def test_a_second_call_is_answered_from_the_cache_and_marked() -> None:
    executor, gated = await counting()
    first, second = await run(executor), await run(executor)
    assert (first.cached, second.cached, gated.runs) == (False, True, 1)
    assert first.answer == second.answer
    assert second.status is Status.SUCCEEDED


async def test_without_cache_ttl_or_with_use_cache_off_every_call_runs() -> None:
    executor, gated = await counting(cache_ttl=None)
    await run(executor), await run(executor)
    assert gated.runs == 2
    executor, gated = await counting()
    await run(executor), await run(executor, use_cache=False)
    assert gated.runs == 2


async def test_hits_misses_and_bypasses_are_counted() -> None:
    executor, _ = await counting()
    await run(executor), await run(executor), await run(executor, use_cache=False)
    counts = executor.counts()["t"]
    assert (counts["cache:hit"], counts["cache:miss"], counts["cache:bypass"]) == (1, 1, 1)


async def test_a_cached_answer_ends_with_its_time_to_live() -> None:
    time, gated = ManualTime(), Gated()
    gated.gate.set()
    state = MemoryState(clock=time.clock)
    executor = await memory_executor(gated.made(), state=state, world=time.world())
    await run(executor)
    time.now += 60
    assert not (await run(executor)).cached


@pytest.mark.parametrize("part", ["input", "caller", "version", "code", "configuration"])
async def test_another_key_part_is_another_answer(part: str) -> None:
    executor, _ = await counting()
    await run(executor)
    if part == "version":
        other = Gated()
        other.gate.set()
        made = other.made(version="2.0.0")
        made.__qualname__ = "Second"
        await executor.registry.register(made)
    if part == "code":
        object.__setattr__(executor.registry.resolve("t"), "source_hash", "changed")
    if part == "configuration":
        executor.registry.apply_policies({"t": Policy(generation=1)})
    data = {"n": 1} if part == "input" else {}
    assert not (await run(executor, data, caller=OTHER if part == "caller" else USER)).cached


@pytest.mark.parametrize("data", [{"n": 0}, {"n": "0"}, {"n": 0.0}, None])
async def test_inputs_that_mean_the_same_share_an_answer(data: Any) -> None:
    executor, _ = await counting()
    await run(executor, {})
    assert (await run(executor, data)).cached


async def test_callers_share_answers_only_in_the_public_scope() -> None:
    executor, _ = await counting(cache_scope="public")
    await run(executor, caller=USER)
    assert (await run(executor, caller=OTHER)).cached


@pytest.mark.parametrize("failure", ["exception", "answer"])
async def test_only_successes_are_cached(failure: str) -> None:
    async def execute(self: Any, input_data: Number) -> PluginOutput:
        if failure == "exception":
            raise PluginError("no")
        return PluginOutput.fail("no")

    executor = await memory_executor(plugin(execute, **CACHED))
    await run(executor)
    assert not (await run(executor)).cached


@pytest.mark.parametrize("damage", [b"", b"{", b"{}\n[1", b"5\n1", b"{}\n"])
async def test_a_damaged_entry_is_a_miss_and_is_replaced(damage: bytes) -> None:
    executor, gated = await counting(rate_limit=3)
    await run(executor)
    cache = executor.state._cache
    for key, (expires, _) in list(cache._entries.items()):
        cache.put(key, damage, expires)
    assert [(await run(executor)).cached for _ in range(2)] == [False, True]
    assert gated.runs == 2
    assert code(await run(executor)) == "rate_limited"


def test_a_cached_answer_is_exactly_what_was_answered() -> None:
    answer = Answer(True, b'{"big":123456789012345678901234567890,"text":"a\\nb"}', None, {"a": 1})
    assert Answer.from_cache(answer.to_cache()) == answer


async def test_many_callers_of_a_cold_key_are_one_execution() -> None:
    gated = Gated()
    executor = await memory_executor(gated.made())
    calls = await waiting(executor, 40)
    gated.gate.set()
    executions = await asyncio.gather(*calls)
    assert gated.runs == 1
    assert [e.cached for e in executions].count(False) == 1
    assert {e.answer.data for e in executions} == {b"1"}


async def test_followers_hold_no_permit_while_they_wait() -> None:
    gated = Gated()
    executor = await memory_executor(gated.made(max_concurrency=1))
    calls = await waiting(executor, 3)
    gated.gate.set()
    assert [code(e) for e in await asyncio.gather(*calls)] == [""] * 3


async def test_when_the_leader_fails_one_follower_leads() -> None:
    gated = Gated(PluginError("only once"))
    executor = await memory_executor(gated.made())
    calls = await waiting(executor, 10)
    gated.gate.set()
    codes = [code(e) for e in await asyncio.gather(*calls)]
    assert (gated.runs, codes.count("plugin_error"), codes.count("")) == (2, 1, 9)


async def test_hits_and_followers_are_charged_exactly_once() -> None:
    gated = Gated()
    executor = await memory_executor(gated.made(rate_limit=6))
    calls = await waiting(executor, 4)
    gated.gate.set()
    await asyncio.gather(*calls)
    codes = [code(await run(executor)) for _ in range(3)]
    assert codes == ["", "", "rate_limited"]


async def test_when_the_leaders_client_leaves_followers_are_still_served_by_its_run() -> None:
    gated, journal = Gated(), MemoryJournal()
    executor = await memory_executor(gated.made(), journal=journal)
    leader, *followers = await waiting(executor, 3)
    leader.cancel()
    await asyncio.wait({leader})
    assert executor.registry.resolve("t").calls.count == 3  # the run still uses the plugin
    gated.gate.set()
    assert [code(e) for e in await asyncio.gather(*followers)] == ["", ""]
    assert gated.runs == 1
    await until(lambda: executor.registry.resolve("t").calls.count == 0)
    assert sorted(s for _, s in journal.finished) == ["cancelled", "succeeded", "succeeded"]


async def test_when_the_leaders_client_leaves_alone_its_run_ends() -> None:
    gated = Gated()
    executor = await memory_executor(gated.made())
    (leader,) = await waiting(executor, 1)
    await until(lambda: gated.runs == 1)
    leader.cancel()
    await asyncio.wait({leader})
    assert executor.registry.resolve("t").calls.count == 0
    assert not executor.state._flights


async def test_followers_wait_no_longer_than_their_deadline_and_are_not_charged() -> None:
    gated = Gated()
    executor = await memory_executor(gated.made(rate_limit=2))
    (leader,) = await waiting(executor, 1)
    await until(lambda: gated.runs == 1)
    late = await run(executor, timeout_ms=15)
    assert (code(late), late.status) == ("timeout", Status.REFUSED)
    gated.gate.set()
    assert [code(await leader), code(await run(executor))] == ["", ""]


async def test_a_follower_whose_client_leaves_is_not_charged() -> None:
    gated = Gated()
    executor = await memory_executor(gated.made(rate_limit=2))
    leader, follower = await waiting(executor, 2)
    follower.cancel()
    await asyncio.wait({follower})
    gated.gate.set()
    assert [code(await leader), code(await run(executor))] == ["", ""]


async def test_followers_of_one_key_share_one_poller() -> None:
    class Counting(MemoryState):
        polls = 0

        async def flight(self, key: str) -> Any:
            self.polls += 1
            return await super().flight(key)

    gated, state = Gated(), Counting()
    executor = await memory_executor(gated.made(), state=state)
    calls = await waiting(executor, 30)
    gated.gate.set()
    await asyncio.gather(*calls)
    assert state.polls <= 4


async def test_a_poll_that_fails_is_repeated() -> None:
    class Flaky(MemoryState):
        polls = 0

        async def flight(self, key: str) -> Any:
            self.polls += 1
            if self.polls == 1:
                raise ConnectionError
            return await super().flight(key)

    time, gated, state = ManualTime(), Gated(), Flaky()
    executor = await memory_executor(gated.made(), state=state, world=time.world())
    calls = await waiting(executor, 2)
    gated.gate.set()
    assert [code(e) for e in await asyncio.gather(*calls)] == ["", ""]


async def test_a_call_cancelled_inside_the_admission_gives_everything_back() -> None:
    """A shared state over a network may have admitted the call when its caller leaves."""

    class Slow(MemoryState):
        slow = True

        async def admit(self, request: Any) -> Any:
            admission = await super().admit(request)
            if self.slow:
                await asyncio.Event().wait()
            return admission

    gated, state = Gated(), Slow()
    gated.gate.set()
    executor = await memory_executor(gated.made(rate_limit=1, max_concurrency=1), state=state)
    call = asyncio.create_task(run(executor))
    await until(lambda: state._flights)
    call.cancel()
    await asyncio.wait({call})
    state.slow = False
    assert code(await run(executor)) == ""


async def test_settling_for_nobody_changes_nothing() -> None:
    assert await MemoryState().settle(Settlement("nobody")) == ()
