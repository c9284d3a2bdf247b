"""The one loop of a process."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from plugins_app.core.plugin import PluginOutput
from plugins_app.core.testing import memory_executor
from plugins_app.runtime.loop import EngineLoop
from tests.core.calls import plugin
from tests.runtime._journal import run


@pytest.fixture
def loop() -> Iterator[EngineLoop]:
    loop = EngineLoop()
    yield loop
    loop.release()


async def here() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


def test_a_thread_starts_the_loop_on_first_use_and_then_shares_it(loop: EngineLoop) -> None:
    with ThreadPoolExecutor(4) as threads:
        found = {id(f.result()) for f in [threads.submit(loop.run, here()) for _ in range(20)]}
    assert len(found) == 1
    assert loop.running


async def test_an_adopted_loop_serves_other_threads(loop: EngineLoop) -> None:
    loop.adopt()
    found = await asyncio.to_thread(lambda: loop.run(here()))
    assert found is asyncio.get_running_loop()


async def test_the_loop_itself_cannot_wait_for_itself(loop: EngineLoop) -> None:
    loop.adopt()
    with pytest.raises(RuntimeError, match="await instead"):
        loop.run(here())


async def test_bring_awaits_here_what_runs_there(loop: EngineLoop) -> None:
    assert await loop.bring(here()) is loop.get()
    assert loop.get() is not asyncio.get_running_loop()


async def test_bring_stays_on_the_engines_own_loop(loop: EngineLoop) -> None:
    loop.adopt()
    assert await loop.bring(here()) is asyncio.get_running_loop()


def test_a_result_that_comes_too_late_is_cancelled(loop: EngineLoop) -> None:
    cancelled = threading.Event()

    async def hang() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    with pytest.raises(TimeoutError):
        loop.run(hang(), timeout=0.01)
    assert cancelled.wait(5)


def test_a_released_loop_of_its_own_stops(loop: EngineLoop) -> None:
    first = loop.get()
    thread = loop._thread
    loop.release()
    assert thread
    thread.join(5)
    assert first.is_closed()
    assert loop.get() is not first


async def test_a_released_loop_of_the_server_goes_on(loop: EngineLoop) -> None:
    loop.adopt()
    loop.release()
    await asyncio.sleep(0)
    assert not loop.running


def test_a_plugin_that_owns_a_lock_runs_from_many_threads_at_once(loop: EngineLoop) -> None:
    class Locked:
        lock = asyncio.Lock()
        inside = most = 0

    async def work(self: Any, input_data: Any) -> PluginOutput:
        async with Locked.lock:
            Locked.inside += 1
            Locked.most = max(Locked.most, Locked.inside)
            await asyncio.sleep(0)
            Locked.inside -= 1
        return PluginOutput()

    executor = loop.run(memory_executor(plugin(work)))
    with ThreadPoolExecutor(8) as threads:
        calls = [threads.submit(lambda: loop.run(run(executor))) for _ in range(40)]
        assert [call.result().error for call in calls] == [None] * 40
    assert Locked.most == 1


FORKED = """
import os, sys, django
django.setup()
from plugins_app.runtime.database import in_database_thread
from plugins_app.runtime.loop import engine_loop

async def answer():
    return await in_database_thread(lambda: 42)

assert engine_loop.run(answer()) == 42
child = os.fork()
if child == 0:
    os._exit(0 if engine_loop.run(answer(), timeout=10) == 42 else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_forked_process_has_a_loop_and_database_threads_of_its_own() -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "zantara.settings"}
    done = subprocess.run(
        [sys.executable, "-c", FORKED], env=environment, timeout=60, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
