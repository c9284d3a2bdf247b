"""The pool: places, reload, ports, hooks, and what workers know and print."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from pathlib import Path
from typing import Any

import pytest

from plugins_app.core import Plugin, PluginMetadata
from plugins_app.core.context import Ports
from plugins_app.core.errors import LoadError
from plugins_app.core.executor import ExecutorOptions
from plugins_app.core.ports import HttpResponse
from plugins_app.core.process_pool import ProcessOptions
from plugins_app.core.registry import PluginRegistry
from plugins_app.core.testing import MemoryCatalogue, MemoryHttp, MemoryStore, memory_executor
from tests.core.conftest import PluginTree, tree  # noqa: F401  (a fixture)
from tests.core.test_executor import code, run
from tests.processes.conftest import Make, runs, until
from tests.processes.wild import LIMIT, Blocking, Hooked, Keeper, Nested, Ported, Quick, Slow, Wild


def said(execution: Any) -> Any:
    import orjson

    assert execution.error is None, execution.error
    return orjson.loads(execution.answer.data)["said"]


async def test_a_call_beyond_the_pool_waits_for_a_place(make: Make) -> None:
    executor = await make(Slow, workers=2)
    executions = await asyncio.gather(*(run(executor, name="slow") for _ in range(6)))
    assert len({said(execution) for execution in executions}) == 2


async def test_it_waits_no_longer_than_its_deadline(make: Make) -> None:
    executor = await make(Wild, Quick)
    wild = asyncio.create_task(run(executor, {"do": "sleep"}, name="wild"))
    await until(lambda: executor.processes._workers)
    execution = await run(executor, name="quick", timeout_ms=100)
    assert code(execution) == "timeout"
    await wild


async def test_a_warm_worker_answers_without_a_start(make: Make) -> None:
    executor = await make(Quick)
    pids = {said(await run(executor, name="quick")) for _ in range(5)}
    assert len(pids) == 1


async def test_plain_code_runs_in_a_thread_of_the_worker(make: Make) -> None:
    assert said(await run(await make(Blocking), name="blocking")) is False


async def test_ports_work_from_there(make: Make) -> None:
    ports = Ports(
        store=MemoryStore(),
        http=MemoryHttp([HttpResponse(200, {"a": "b"}, b"page")]),
        catalogue=MemoryCatalogue({"double": lambda data: 2 * data["n"]}),
    )
    execution = await run(await make(Ported, ports=ports), name="ported")
    assert said(execution) == [
        [{"n": 1}, {"n": 2}],
        [["k", {"n": 1}]],
        "page",
        ["double"],
        8,
        "user:7",
        True,
    ]


@pytest.mark.parametrize(
    ("do", "message"),
    [("missing", "This installation offers plugins no mail"), ("nobody", "Plugin 'nobody' not")],
)
async def test_a_port_that_refuses_says_why(make: Make, do: str, message: str) -> None:
    execution = await run(
        await make(Ported, ports=Ports(catalogue=MemoryCatalogue())), {"do": do}, name="ported"
    )
    assert code(execution) == "plugin_error"
    assert message in str(execution.error)


async def test_a_value_that_cannot_be_sent_is_an_error_there_and_not_a_hang(make: Make) -> None:
    catalogue = MemoryCatalogue({"quick": lambda data: 2**70})
    execution = await run(await make(Nested, ports=Ports(catalogue=catalogue)), name="nested")
    assert code(execution) == "plugin_error"


async def test_a_caller_that_leaves_while_it_waits_gives_its_place_back(make: Make) -> None:
    executor = await make(Slow, Quick)
    slow = asyncio.create_task(run(executor, name="slow"))
    waiting = [asyncio.create_task(run(executor, name="quick")) for _ in range(3)]
    await until(lambda: executor.in_flight == 4)
    for task in waiting:
        task.cancel()
    await asyncio.wait(waiting)
    assert said(await slow) == said(await run(executor, name="quick"))


async def test_calls_of_each_other_do_not_hold_all_places(make: Make) -> None:
    """With one place, and the called plugin in a process as well."""
    executor = await make(Nested, Quick, workers=1, ports=Ports(catalogue=_Later()))
    _Later.executor = executor
    executions = await asyncio.gather(*(run(executor, name="nested") for _ in range(3)))
    assert [execution.error for execution in executions] == [None] * 3
    assert len(executor.processes._workers) <= 1
    assert executor.processes._places._value + executor.processes._lent <= 4


class _Later(MemoryCatalogue):
    executor: Any = None

    async def call(self, name: str, data: dict[str, Any]) -> Any:
        return (await self.executor.execute(name, data)).data


async def test_what_it_logs_and_prints_reaches_the_log_without_its_secrets(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    executor = await make(Ported)
    given = {"do": "log", "word": "here", "secret": "hunter2-hunter2"}
    execution = await run(executor, given, name="ported")
    assert said(execution) == logging.INFO
    logged = next(r for r in caplog.records if r.getMessage() == "look at here")
    assert (logged.name, logged.levelname) == ("plugins.ported", "WARNING")
    assert (logged.count, logged.execution_id) == (3, execution.id)  # type: ignore[attr-defined]
    progress = next(r for r in caplog.records if r.getMessage() == "progress")
    assert progress.fraction == 0.5  # type: ignore[attr-defined]
    printed = next(r for r in caplog.records if r.getMessage() == "printed")
    assert printed.said.startswith("printed here")  # type: ignore[attr-defined]
    assert "hunter2" not in printed.said  # type: ignore[attr-defined]
    assert execution.lines
    kept = [line.text for line in execution.lines.first]
    assert sorted(kept) == ["look at here", "printed", "progress"]


async def test_of_endless_printing_only_so_much_is_kept(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await run(await make(Wild), {"do": "print"}, name="wild")
    printed = [r.said for r in caplog.records if r.getMessage() == "printed"]  # type: ignore[attr-defined]
    assert sum(map(len, printed)) < 70_000
    assert printed[-1] == "... and more, which is not kept"


async def test_hooks_and_configuration_work_there(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOKED", str(tmp_path / "unloaded"))
    executor = await make()
    executor.registry._config_for = lambda name: {"greeting": "hello"}
    await executor.registry.register(Hooked)
    assert said(await run(executor, name="hooked")) == [True, "hello"]
    (worker,) = executor.processes._workers
    pid = worker.pid
    await executor.processes.close()
    assert (tmp_path / "unloaded").read_text() == f"{pid}\n"
    assert not runs(pid)


async def test_a_reload_reaches_warm_workers(make: Make, tree: PluginTree) -> None:  # noqa: F811
    tree.write("_helper/__init__.py", "")
    tree.plugin("family/x.py", "x", isolation="process")
    executor = await make()
    executor.registry._sources.append(tree.source())
    await executor.registry.load()
    assert (await executor.execute("x")).data == "1.0.0"
    file = tree.root / "family/x.py"
    file.write_text(file.read_text().replace("ANSWER = '1.0.0'", "ANSWER = '1.0.9'"))
    assert (await executor.execute("x")).data == "1.0.0"
    await executor.registry.reload("x")
    assert (await executor.execute("x")).data == "1.0.9"


async def test_another_version_on_disk_than_was_loaded_is_not_run(
    make: Make,
    tree: PluginTree,  # noqa: F811
) -> None:
    tree.plugin("x.py", "x", isolation="process")
    executor = await make()
    executor.registry._sources.append(tree.source())
    await executor.registry.load()
    os.utime(tree.plugin("x.py", "x", isolation="process", version="2.0.0"), (1, 1))
    output = await executor.execute("x")
    assert output.error == "The source of x@1.0.0 changed since it was loaded"


async def test_workers_see_only_the_environment_they_are_given(make: Make) -> None:
    executor = await make(Quick, environment={"PATH": os.environ["PATH"], "SHOWN": "yes"})
    pid = said(await run(executor, name="quick"))
    assert _variables_of(pid) == {"PATH", "SHOWN", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE"}


def _variables_of(pid: int) -> set[str]:
    lines = Path(f"/proc/{pid}/environ").read_text().split("\0")
    return {line.partition("=")[0] for line in lines if line}


@pytest.mark.parametrize(("do", "stays"), [("pid", True), ("keep", False)])
async def test_a_worker_that_keeps_much_memory_is_replaced(
    make: Make, do: str, stays: bool
) -> None:
    executor = await make(Keeper, Quick, memory=400)
    pid = said(await run(executor, {"do": do}, name="keeper"))
    assert (said(await run(executor, name="quick")) == pid) is stays


async def test_a_class_that_a_worker_could_not_find_is_a_load_error() -> None:
    class Hidden(Plugin[Any, Any]):
        metadata = PluginMetadata(name="hidden", isolation="process")
        input_model, output_model = Quick.__orig_bases__[0].__args__  # type: ignore[attr-defined]

        async def execute(self, input_data: Any) -> Any: ...

    with pytest.raises(LoadError, match="not found at the top of"):
        await PluginRegistry().register(Hidden)


async def test_other_plugins_go_on_while_one_spins(make: Make) -> None:
    executor = await make(Wild, workers=1)
    spinning = asyncio.create_task(run(executor, {"do": "spin"}, name="wild"))
    await until(lambda: executor.processes._workers)
    longest, last = 0.0, time.monotonic()
    while not spinning.done():
        await asyncio.sleep(0.001)
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
    assert longest < LIMIT


async def test_nothing_is_started_before_it_is_needed() -> None:
    executor = await memory_executor(
        Quick, options=ExecutorOptions(processes=ProcessOptions(workers=4))
    )
    assert executor.processes._workers == set()
