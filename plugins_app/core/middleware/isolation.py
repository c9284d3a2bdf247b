from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Generator
from concurrent.futures import Future
from typing import Any

from plugins_app.core.context import Context
from plugins_app.core.errors import (
    CallTimeout,
    InvalidOutput,
    PluginCrashed,
    PluginError,
    ZantaraError,
)
from plugins_app.core.execution import Answer, CallNext, Execution
from plugins_app.core.loaded import LoadedPlugin

logger = logging.getLogger(__name__)

BLOCKING_SECONDS = 0.1
MakeContext = Callable[[Execution], Context]


class Isolation:
    """Runs `execute` where the metadata says, and turns what it raises into our failures."""

    def __init__(self, make_context: MakeContext) -> None:
        self._make_context = make_context

    async def __call__(self, execution: Execution, call_next: CallNext) -> Answer:
        execution.output = await self._guarded(execution)
        return await call_next(execution)

    async def _guarded(self, execution: Execution) -> Any:
        plugin = execution.loaded
        try:
            return await self._run(execution)
        except (PluginError, InvalidOutput, CallTimeout):
            raise
        except ZantaraError as error:
            # Another plugin that this one called, or a port, refused; its message is public.
            raise PluginError(str(error), retry_after=error.retry_after) from error
        except Exception as error:
            raise PluginCrashed(f"Plugin {plugin.name!r} failed") from error

    async def _run(self, execution: Execution) -> Any:
        plugin, context = execution.loaded, self._make_context(execution)
        if plugin.metadata.isolation == "thread":
            return await self._in_thread(execution, context)
        coroutine = _call(plugin, execution, context)
        return await _Watched(coroutine, plugin.key)

    async def _in_thread(self, execution: Execution, context: Context) -> Any:
        """A thread of its own, since one that hangs could not be taken back into a pool."""
        bridged = context.bridged(asyncio.get_running_loop())
        work = _start_thread(
            lambda: _run_blocking(_call(execution.loaded, execution, bridged)), execution.id
        )
        waiter = asyncio.wrap_future(work)
        try:
            return await asyncio.shield(waiter)
        except asyncio.CancelledError:
            if not waiter.done():
                execution.lingering = waiter
                waiter.add_done_callback(lambda done: done.cancelled() or done.exception())
                logger.warning(
                    "thread still runs after its call ended",
                    extra={"plugin": execution.loaded.key, "execution_id": execution.id},
                )
            raise


def _call(plugin: LoadedPlugin, execution: Execution, context: Context) -> Any:
    if plugin.takes_context:
        return plugin.plugin.execute(execution.input, context)
    return plugin.plugin.execute(execution.input)  # type: ignore[call-arg]


def _run_blocking(result: Any) -> Any:
    return asyncio.run(result) if asyncio.iscoroutine(result) else result


def _start_thread(work: Callable[[], Any], name: str) -> Future[Any]:
    """Daemonic: a thread that never ends must not keep the process from ending."""
    future: Future[Any] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, name=f"plugin-{name}", daemon=True).start()
    return future


class _Watched(Awaitable[Any]):
    """Drives a coroutine and reports by name when one of its steps holds the loop too long."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], name: str) -> None:
        self._coroutine, self._name = coroutine, name

    def __await__(self) -> Generator[Any, Any, Any]:
        step, argument = self._coroutine.send, None
        while True:
            started = time.perf_counter()
            try:
                future = step(argument)
            except StopIteration as done:
                return done.value
            finally:
                self._report(time.perf_counter() - started)
            try:
                step, argument = self._coroutine.send, (yield future)
            except BaseException as error:
                step, argument = self._coroutine.throw, error  # type: ignore[assignment]

    def _report(self, seconds: float) -> None:
        if seconds > BLOCKING_SECONDS:
            logger.warning(
                "plugin blocked the event loop",
                extra={"plugin": self._name, "milliseconds": round(seconds * 1000)},
            )
