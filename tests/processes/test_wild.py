"""Whatever a plugin does in its process, its call ends on time and nothing is left of it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from plugins_app.core.executor import ExecutorOptions, PluginExecutor
from plugins_app.core.process_pool import ProcessOptions
from plugins_app.core.testing import memory_executor
from tests.core.test_executor import code, run
from tests.processes.conftest import Make, runs, until
from tests.processes.wild import LIMIT, Blocking, Did, Fragile, Quick, Wild

LATE = 2.0
"""Seconds over the limit that a busy machine may take."""


async def pid_of(executor: PluginExecutor) -> int:
    return (await executor.execute("quick")).data["said"]


def told_pids(file: Path) -> list[int]:
    return [int(pid) for pid in file.read_text().split()]


@pytest.mark.parametrize("do", ["spin", "sleep", "wait", "stubborn", "print"])
async def test_what_never_ends_is_ended_on_time_with_all_its_children(
    make: Make, tmp_path: Path, do: str
) -> None:
    executor = await make(Wild, Quick)
    await pid_of(executor)
    started = time.monotonic()
    execution = await run(executor, {"do": do, "word": str(tmp_path / "pids")}, name="wild")
    assert code(execution) == "timeout"
    assert LIMIT <= time.monotonic() - started < LIMIT + LATE
    if do != "wait":  # which lets go, and its worker lives on
        await until(lambda: not any(map(runs, told_pids(tmp_path / "pids"))), LATE)
    assert await pid_of(executor)


@pytest.mark.parametrize("do", ["exit", "killed", "sys.exit", "crash", "eat"])
async def test_what_breaks_is_a_crash_of_the_plugin_and_the_next_call_works(
    make: Make, do: str
) -> None:
    executor = await make(Wild, Quick)
    execution = await run(executor, {"do": do}, name="wild")
    assert (code(execution), str(execution.error)) == ("plugin_error", "Plugin 'wild' failed")
    assert await pid_of(executor)


async def test_the_log_knows_what_the_caller_does_not(make: Make) -> None:
    executor = await make(Wild)
    execution = await run(executor, {"do": "crash"}, name="wild")
    assert "what stays in the log" not in str(execution.error)
    assert 'raise KeyError("what stays in the log")' in str(execution.error.__cause__)  # type: ignore[union-attr]
    execution = await run(executor, {"do": "killed"}, name="wild")
    assert "exit code -9" in str(execution.error.__cause__)  # type: ignore[union-attr]


async def test_too_much_output_is_refused_and_does_not_reach_the_server(make: Make) -> None:
    execution = await run(await make(Wild), {"do": "large"}, name="wild")
    assert code(execution) == "invalid_output"


async def test_a_frame_that_is_larger_than_any_answer_ends_the_worker(make: Make) -> None:
    executor = await make(Wild, Quick)
    pid = await pid_of(executor)
    execution = await run(executor, {"do": "forge"}, name="wild")
    assert code(execution) == "invalid_output"
    assert await pid_of(executor) != pid


async def test_what_is_no_frame_is_a_crash_and_ends_the_worker(make: Make) -> None:
    executor = await make(Wild, Quick)
    pid = await pid_of(executor)
    assert code(await run(executor, {"do": "garble"}, name="wild")) == "plugin_error"
    assert await pid_of(executor) != pid


async def test_what_the_plugin_tells_the_caller_arrives(make: Make) -> None:
    executor = await make(Wild)
    execution = await run(executor, {"do": "refuse"}, name="wild")
    assert str(execution.error) == "what the caller may know"
    execution = await run(executor, {"do": "transient"}, name="wild")
    assert (type(execution.error).__name__, execution.error.retry_after) == ("TransientError", 7)  # type: ignore[union-attr]


async def test_a_lost_connection_is_tried_again(make: Make, tmp_path: Path) -> None:
    execution = await run(await make(Fragile), {"word": str(tmp_path / "once")}, name="fragile")
    assert (execution.attempts, execution.answer.data) == (2, b'{"said":"second"}')  # type: ignore[union-attr]


async def test_a_killed_worker_counts_for_the_breaker(make: Make) -> None:
    executor = await make(Wild, Quick)
    await asyncio.gather(*(run(executor, {"do": "exit"}, name="wild") for _ in range(10)))
    assert code(await run(executor, {}, name="wild")) == "circuit_open"
    assert await pid_of(executor)


async def test_a_caller_that_leaves_takes_its_worker_with_it(make: Make, tmp_path: Path) -> None:
    executor, file = await make(Blocking, Wild), tmp_path / "pids"
    call = asyncio.create_task(run(executor, {"do": "sleep", "word": str(file)}, name="wild"))
    await until(lambda: file.exists() and len(file.read_text().split()) == 4, 10)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await until(lambda: not any(map(runs, told_pids(file))), 10)


async def test_blocking_code_is_killed_too_although_a_thread_cannot_be(make: Make) -> None:
    executor = await make(Blocking, Quick)
    pid = await pid_of(executor)
    assert code(await run(executor, {"do": "sleep"}, name="blocking")) == "timeout"
    assert not runs(pid)


async def test_an_idle_worker_that_dies_is_replaced(make: Make) -> None:
    executor = await make(Quick)
    pid = await pid_of(executor)
    os.kill(pid, signal.SIGKILL)
    await until(lambda: any(w.pid not in (0, pid) for w in executor.processes._workers), 10)
    assert await pid_of(executor) != pid


async def test_workers_die_with_a_killed_server_and_take_their_children_along(
    tmp_path: Path,
) -> None:
    file = tmp_path / "pids"
    server = subprocess.Popen([sys.executable, "-c", _SERVER, str(file)])  # noqa: ASYNC220
    try:
        await until(lambda: file.exists() and len(file.read_text().split()) == 4, 20)
        assert all(map(runs, told_pids(file)))
    finally:
        server.kill()
        server.wait()
    await until(lambda: not any(map(runs, told_pids(file))), 10)


_SERVER = """
import asyncio, sys
from plugins_app.core.testing import memory_executor
from tests.processes.wild import Wild

async def serve():
    executor = await memory_executor(Wild)
    await executor.execute("wild", {"do": "spin", "word": sys.argv[1]})

asyncio.run(serve())
"""


async def test_the_kit_for_authors_leaves_nothing_behind() -> None:
    executor = await memory_executor(Quick)
    pid = (await executor.execute("quick")).data["said"]
    assert not runs(pid)
    assert executor.processes._workers == set()


async def test_workers_end_after_so_many_calls(make: Make) -> None:
    executor = await make(Quick, max_calls=2)
    pids = [await pid_of(executor) for _ in range(4)]
    assert pids[0] == pids[1] != pids[2] == pids[3]


async def test_a_plugin_in_a_process_answers_in_its_own_model(make: Make) -> None:
    output = await (await make(Quick)).execute("quick")
    assert output.success
    assert Did.model_validate(output.data).said != os.getpid()


def test_options_name_their_defaults() -> None:
    assert ExecutorOptions().processes == ProcessOptions(workers=2, memory=1024, max_calls=500)
