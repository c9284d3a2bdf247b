"""The worker process: python -m plugins_app.core.process_pool.worker FD MEMORY MAX_OUTPUT

One call at a time, as frames over the socket FD (frames.py):

in:  {"type": "call", ...requests.py}  {"type": "cancel", "id": …}  {"type": "end"}  and replies
out: {"type": "ready"}  {"type": "done", "id": …}  {"type": "ask", …}  {"type": "progress", …}
     {"type": "log", …}
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import resource
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType

from plugins_app.core.context import Context
from plugins_app.core.errors import LoadError, PluginCrashed, ZantaraError
from plugins_app.core.execution import Answer, Execution
from plugins_app.core.executor import fold
from plugins_app.core.hiding import hiding
from plugins_app.core.hooks import run_on_load, run_on_unload
from plugins_app.core.importing import plugin_classes
from plugins_app.core.loaded import LoadedPlugin, build
from plugins_app.core.middleware.isolation import Isolation
from plugins_app.core.middleware.output import CheckOutput
from plugins_app.core.process_pool import failures
from plugins_app.core.process_pool.channel import Channel
from plugins_app.core.process_pool.forwarding import ForwardLogs
from plugins_app.core.process_pool.frames import Head
from plugins_app.core.process_pool.port_calls import remote_ports
from plugins_app.core.process_pool.requests import execution_of

MIB = 1024 * 1024
OVERTIME = 5.0
"""Seconds after its limit that a call ends by itself, where no server is left to end it."""
UNLOAD_SECONDS = 1.0


class Worker:
    def __init__(self, connection: socket.socket, memory: int, max_output: int) -> None:
        self._channel = Channel(connection, self._take)
        self._memory = memory
        self._pipeline = fold((Isolation(self._context),), CheckOutput(max_output))
        self._plugins: dict[tuple[str, str], LoadedPlugin] = {}
        self._calls: asyncio.Queue[Head] = asyncio.Queue()
        self._current: tuple[str, asyncio.Task[None]] | None = None

    async def serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        logging.getLogger().addHandler(ForwardLogs(self._channel.send))
        self._channel.start()
        self._channel.send({"type": "ready"})
        while (head := await self._calls.get())["type"] == "call":
            task = asyncio.create_task(self._run(head))
            self._current = (head["id"], task)
            await asyncio.wait({task})
            self._current = None
        for plugin in self._plugins.values():
            await run_on_unload(plugin, UNLOAD_SECONDS)

    def _take(self, head: Head) -> None:
        """On the thread of the channel."""
        if head["type"] == "cancel":
            self._loop.call_soon_threadsafe(self._cancel, head["id"])
        else:
            self._loop.call_soon_threadsafe(self._calls.put_nowait, head)

    def _cancel(self, call: str) -> None:
        if self._current and self._current[0] == call:
            self._current[1].cancel()

    async def _run(self, request: Head) -> None:
        signal.setitimer(signal.ITIMER_REAL, request["limit"] + OVERTIME)
        done: Head = {"type": "done", "id": request["id"]}
        body = b""
        try:
            execution = await self._prepare(request)
            answer = await self._execute(execution, done)
            body = answer.data
            done["answer"] = [answer.success, answer.error, answer.metadata]
        except asyncio.CancelledError:
            done["cancelled"] = True
        except Exception as error:
            failure = _failure(error, request["name"])
            done["error"] = failures.to_wire(failure)
            done["worn"] = isinstance(failure.__cause__, MemoryError)
        signal.setitimer(signal.ITIMER_REAL, 0)
        done["worn"] = done.get("worn", False) or self._has_grown()
        self._channel.send(done, body)

    async def _prepare(self, request: Head) -> Execution:
        plugin = await self._plugin(request)
        execution = execution_of(request, plugin)
        execution.input = plugin.input_model.model_validate(execution.data)
        return execution

    async def _execute(self, execution: Execution, done: Head) -> Answer:
        try:
            with hiding(execution.hidden):
                return await self._pipeline(execution)
        except asyncio.CancelledError:
            if execution.lingering:
                # A thread cannot be ended. The server kills what does not say that it is over.
                await asyncio.Event().wait()
            raise
        finally:
            done["secrets"] = sorted(execution.hidden.values)

    def _has_grown(self) -> bool:
        return bool(self._memory) and _resident() > self._memory * MIB / 2

    # --- the plugin -------------------------------------------------------------------------------

    async def _plugin(self, request: Head) -> LoadedPlugin:
        key = (request["module"], request["class"])
        if key not in self._plugins:
            self._plugins[key] = await self._load(request)
        return self._plugins[key]

    async def _load(self, request: Head) -> LoadedPlugin:
        """Raises LoadError where the code on disk is not what the server loaded."""
        logging.getLogger().setLevel(request["log_level"])
        _make_packages(request["packages"])
        module = importlib.import_module(request["module"])
        wanted = [c for c in plugin_classes(module) if c.__qualname__ == request["class"]]
        found = [build(cls, lambda name: request["config"], "") for cls in wanted]
        if [plugin.key for plugin in found] != [request["key"]]:
            raise LoadError(f"The source of {request['key']} changed since it was loaded")
        await run_on_load(found[0], request["limit"])
        return _here(found[0])

    def _context(self, execution: Execution) -> Context:
        call = execution.id
        return Context(
            caller=execution.caller,
            execution_id=call,
            deadline=execution.deadline,
            log=logging.getLogger(f"plugins.{execution.loaded.name}"),
            _open_ports=lambda: remote_ports(partial(self._channel.ask, call)),
            _report=partial(self._report, call),
        )

    def _report(self, call: str, fraction: float | None, message: str) -> None:
        self._channel.send({"type": "progress", "call": call, "report": [fraction, message]})


def _here(plugin: LoadedPlugin) -> LoadedPlugin:
    """Its code runs in this process: on the loop, or, where it is not async, in a thread."""
    kind = "inline" if plugin.is_async else "thread"
    metadata = plugin.metadata.model_copy(update={"isolation": kind})
    return replace(plugin, metadata=metadata)


def _failure(error: Exception, name: str) -> ZantaraError:
    """Of a load: as public as any other failure, unless the plugin chose its text."""
    if isinstance(error, ZantaraError) and not (isinstance(error, LoadError) and error.traceback):
        return error
    crashed = PluginCrashed(f"Plugin {name!r} failed")
    crashed.__cause__ = error
    return crashed


def _make_packages(packages: dict[str, list[str]]) -> None:
    for name, paths in packages.items():
        if name not in sys.modules:
            package = ModuleType(name)
            package.__path__ = paths
            sys.modules[name] = package


def _resident() -> int:
    """Bytes of memory in use. Not `ru_maxrss`, which begins with that of the server."""
    with suppress(OSError):
        pages = Path("/proc/self/statm").read_text().split()[1]
        return int(pages) * resource.getpagesize()
    return 0


def _limit_memory(memory: int) -> None:
    if memory:
        resource.setrlimit(resource.RLIMIT_AS, (memory * MIB, memory * MIB))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(arguments: list[str]) -> None:
    descriptor, memory, max_output = map(int, arguments)
    os.set_inheritable(descriptor, False)
    os.environ.pop("PYTHONPATH", None)
    _limit_memory(memory)
    logging.getLogger("plugins_app.core.middleware.isolation").setLevel(logging.ERROR)
    with socket.socket(fileno=descriptor) as connection:
        asyncio.run(Worker(connection, memory, max_output).serve())


if __name__ == "__main__":
    main(sys.argv[1:])
