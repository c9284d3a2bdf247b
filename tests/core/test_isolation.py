from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
import time as real_time
from dataclasses import replace
from typing import Any

import pytest

from plugins_app.core import Context, Plugin, PluginOutput
from plugins_app.core.context import Ports
from plugins_app.core.errors import Unavailable
from plugins_app.core.execution import Status
from plugins_app.core.executor import PluginExecutor
from plugins_app.core.middleware.isolation import _Watched
from plugins_app.core.middleware.timeout import Timeout
from plugins_app.core.testing import MemoryCatalogue, MemoryStore, memory_executor
from tests.core.calls import Number, plugin
from tests.core.test_executor import code, run
from tests.core.test_single_flight import until

short_grace = pytest.fixture(
    lambda monkeypatch: monkeypatch.setattr(
        "plugins_app.core.executor.Timeout", lambda clock: Timeout(clock, grace=0.01)
    )
)


async def test_code_that_waits_is_cancelled_on_time() -> None:
    ended: list[int] = []

    async def execute(self: Any, input_data: Number) -> PluginOutput:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(1)

    execution = await run(await memory_executor(plugin(execute, timeout=0.01)))
    assert (code(execution), execution.status, ended) == ("timeout", Status.TIMED_OUT, [1])
    assert str(execution.error) == "Plugin 't' did not answer within 0.01 s"


@pytest.mark.usefixtures("short_grace")
async def test_code_that_swallows_its_cancellation_is_answered_without_it_and_lingers() -> None:
    gate = asyncio.Event()

    async def execute(self: Any, input_data: Number) -> PluginOutput:
        while not gate.is_set():
            try:
                await gate.wait()
            except asyncio.CancelledError:
                continue
        return PluginOutput()

    executor = await memory_executor(plugin(execute, timeout=0.01, max_concurrency=1))
    assert code(await run(executor)) == "timeout"
    assert executor.registry.resolve("t").calls.count == 1
    assert code(await run(executor)) == "concurrency_limited"
    gate.set()
    await until(lambda: not executor.state._leases["concurrency:t"])
    assert executor.registry.resolve("t").calls.count == 0


@pytest.mark.parametrize("keyword", ["def", "async def"])
async def test_blocking_code_in_a_thread_is_answered_on_time_and_keeps_its_permit(
    keyword: str, caplog: pytest.LogCaptureFixture
) -> None:
    gate = threading.Event()
    space: dict[str, Any] = {"gate": gate, "PluginOutput": PluginOutput}
    exec(f"{keyword} execute(self, input_data): gate.wait(); return PluginOutput()", space)
    made = plugin(space["execute"], isolation="thread", timeout=0.01, max_concurrency=1)
    executor = await memory_executor(made)
    try:
        assert code(await run(executor)) == "timeout"
        assert code(await run(executor)) == "concurrency_limited"
        assert "thread still runs" in caplog.text
        assert executor.registry.resolve("t").calls.count == 1
    finally:
        gate.set()
    await until(lambda: not executor.state._leases["concurrency:t"])
    assert executor.registry.resolve("t").calls.count == 0


@pytest.mark.parametrize("isolation", ["inline", "thread"])
async def test_where_the_code_runs(isolation: str) -> None:
    async def execute(self: Any, input_data: Number) -> PluginOutput:
        return PluginOutput(data=threading.current_thread() is threading.main_thread())

    execution = await run(await memory_executor(plugin(execute, isolation=isolation)))
    assert execution.answer.data == (b"true" if isolation == "inline" else b"false")  # type: ignore[union-attr]


@pytest.mark.parametrize("isolation", ["inline", "thread"])
async def test_context_variables_of_the_caller_are_seen(isolation: str) -> None:
    variable = contextvars.ContextVar("variable", default="unset")

    async def execute(self: Any, input_data: Number) -> PluginOutput:
        return PluginOutput(data=variable.get())

    executor = await memory_executor(plugin(execute, isolation=isolation))
    variable.set("request-7")
    assert (await run(executor)).answer.data == b'"request-7"'  # type: ignore[union-attr]


async def with_ports(cls: Any) -> PluginExecutor:
    loop = asyncio.get_running_loop()

    class OnThisLoop(MemoryStore):
        async def put(self, *document: Any) -> None:
            assert asyncio.get_running_loop() is loop
            await super().put(*document)

    catalogue = MemoryCatalogue({"double": lambda data: 2 * data["n"]})
    return await memory_executor(cls, ports=Ports(store=OnThisLoop(), catalogue=catalogue))


@pytest.mark.parametrize("isolation", ["inline", "thread"])
async def test_ports_and_calls_work_from_wherever_the_code_runs(isolation: str) -> None:
    class Uses(Plugin[Number, PluginOutput]):
        metadata = replace_isolation(isolation)

        async def execute(self, input_data: Number, context: Context) -> PluginOutput:
            await context.store.put("notes", "k", {"n": 1})
            await context.store.shared().put("notes", "k", {"n": 2})
            found = [await s.get("notes", "k") for s in (context.store, context.store.shared())]
            return PluginOutput(data=[found, await context.call("double", {"n": 4})])

    execution = await run(await with_ports(Uses))
    assert execution.answer.data == b'[[{"n":1},{"n":2}],8]'  # type: ignore[union-attr]


def replace_isolation(isolation: str) -> Any:
    async def execute(self: Any, input_data: Number) -> None: ...

    return plugin(execute, isolation=isolation).metadata


async def test_sync_code_in_a_thread_may_run_a_call_of_its_context() -> None:
    class Sync(Plugin[Number, PluginOutput]):
        metadata = replace_isolation("thread")

        def execute(self, input_data: Number, context: Context) -> PluginOutput:  # type: ignore[override]
            return PluginOutput(data=asyncio.run(context.call("double", {"n": 4})))

    assert (await run(await with_ports(Sync))).answer.data == b"8"  # type: ignore[union-attr]


async def test_a_failing_call_of_another_plugin_is_the_callers_public_error() -> None:
    class Calls(Plugin[Number, PluginOutput]):
        metadata = replace_isolation("thread")

        async def execute(self, input_data: Number, context: Context) -> PluginOutput:
            return PluginOutput(data=await context.call("nobody"))

    execution = await run(await with_ports(Calls))
    assert (code(execution), str(execution.error)) == ("plugin_error", "Plugin 'nobody' not found.")


async def test_a_port_that_this_installation_lacks_is_named() -> None:
    context = Context(caller=None, execution_id="", deadline=0, log=logging.getLogger())  # type: ignore[arg-type]
    for port in ("store", "http", "mail", "catalogue"):
        with pytest.raises(Unavailable, match=port):
            getattr(context, port)


async def test_progress_reports_arrive_on_the_engines_loop() -> None:
    seen: list[Any] = []
    context = Context(None, "", 0, logging.getLogger())  # type: ignore[arg-type]
    context = replace(
        context, _report=lambda *report: seen.append((*report, threading.get_ident()))
    )
    bridged = context.bridged(asyncio.get_running_loop())
    await asyncio.to_thread(bridged.progress, 0.5, "half")
    await until(lambda: seen)
    assert seen == [(0.5, "half", threading.get_ident())]
    with pytest.raises(ValueError, match="between 0 and 1"):
        context.progress(2)


async def test_a_plugin_that_blocks_the_loop_is_reported_by_name(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugins_app.core.middleware.isolation.BLOCKING_SECONDS", 0.005)

    async def execute(self: Any, input_data: Number) -> PluginOutput:
        await asyncio.sleep(0)
        if input_data.n:
            real_time.sleep(0.008)  # noqa: ASYNC251  (blocking is the point)
        return PluginOutput()

    executor = await memory_executor(plugin(execute))
    await run(executor)
    assert "blocked the event loop" not in caplog.text
    await run(executor, {"n": 1})
    record = next(r for r in caplog.records if r.message == "plugin blocked the event loop")
    assert record.plugin == "t@1.0.0"  # type: ignore[attr-defined]


async def test_watching_passes_values_and_exceptions_through() -> None:
    async def work() -> str:
        with pytest.raises(KeyError):
            await asyncio.wait_for(fails(), 1)
        return await asyncio.sleep(0, "value")

    async def fails() -> None:
        await asyncio.sleep(0)
        raise KeyError

    assert await _Watched(work(), "t") == "value"
    with pytest.raises(KeyError):
        await _Watched(fails(), "t")


async def test_closing_a_watched_call_runs_its_clean_up() -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(10)
        finally:
            ended.append("clean")

    steps = _Watched(work(), "t").__await__()
    next(steps)
    steps.close()
    assert ended == ["clean"]
