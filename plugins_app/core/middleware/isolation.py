from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Generator
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
from plugins_app.core.threads import in_thread

logger = logging.getLogger(__name__)

BLOCKING_SECONDS = 0.1
MakeContext = Callable[[Execution], Context]
InProcess = Callable[[Execution, Context], Awaitable[Answer]]


class Isolation:
    """Runs `execute` where the metadata says, and turns what it raises into our failures.

    `in_process` answers for plugins that run in a process of their own; what they return is
    checked there.
    """

    def __init__(self, make_context: MakeContext, in_process: InProcess | None = None) -> None:
        self._make_context, self._in_process = make_context, in_process

    async def __call__(self, execution: Execution, call_next: CallNext) -> Answer:
        if execution.loaded.metadata.isolation == "process" and self._in_process:
            return await self._guarded_by_process(execution, self._in_process)
        execution.output = await self._guarded(execution)
        return await call_next(execution)

    async def _guarded_by_process(self, execution: Execution, in_process: InProcess) -> Answer:
        """There it was guarded already; what is left is the end of the process itself."""
        try:
            return await in_process(execution, self._make_context(execution))
        except (ZantaraError, asyncio.CancelledError):
            raise
        except Exception as error:
            raise PluginCrashed(f"Plugin {execution.loaded.name!r} failed") from error

    async def _guarded(self, execution: Execution) -> Any:
        plugin = execution.loaded
        try:
            return await self._run(execution)
        except (PluginError, InvalidOutput, CallTimeout):
            raise
        except ZantaraError as error:
            # Another plugin that this one called, or a port, refused; its message is public.
            raise PluginError(str(error), retry_after=error.retry_after) from error
        except (asyncio.CancelledError, GeneratorExit, KeyboardInterrupt):
            raise
        except BaseException as error:  # also SystemExit, which would end the server
            raise PluginCrashed(f"Plugin {plugin.name!r} failed") from error

    async def _run(self, execution: Execution) -> Any:
        plugin = execution.loaded
        context = self._make_context(execution) if plugin.takes_context else None
        if plugin.metadata.isolation == "thread":
            return await self._in_thread(execution, context)
        coroutine = _call(plugin, execution, context)
        return await _Watched(coroutine, plugin.key)

    async def _in_thread(self, execution: Execution, context: Context | None) -> Any:
        bridged = context and context.bridged(asyncio.get_running_loop())
        waiter = in_thread(
            lambda: _run_blocking(_call(execution.loaded, execution, bridged)),
            f"plugin-{execution.id}",
        )
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


def _call(plugin: LoadedPlugin, execution: Execution, context: Context | None) -> Any:
    if context:
        return plugin.plugin.execute(execution.input, context)
    return plugin.plugin.execute(execution.input)  # type: ignore[call-arg]  # the short form


def _run_blocking(result: Any) -> Any:
    return asyncio.run(result) if asyncio.iscoroutine(result) else result


class _Watched(Awaitable[Any]):
    """Drives a coroutine and reports by name when one of its steps holds the loop too long."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], name: str) -> None:
        self._coroutine, self._name = coroutine, name

    def __await__(self) -> Generator[Any, Any, Any]:
        step: Callable[[Any], Any] = self._coroutine.send
        argument: Any = None
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
                step, argument = self._coroutine.throw, error

    def _report(self, seconds: float) -> None:
        if seconds > BLOCKING_SECONDS:
            logger.warning(
                "plugin blocked the event loop",
                extra={"plugin": self._name, "milliseconds": round(seconds * 1000)},
            )
