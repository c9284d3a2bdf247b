"""A few warm worker processes. A call takes one for itself, and whatever the plugin does there,
the call ends on time: a worker that does not let go is killed, and another takes its place."""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections import deque
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from plugins_app.core.context import Context
from plugins_app.core.errors import ZantaraError
from plugins_app.core.execution import Answer, Execution
from plugins_app.core.loaded import LoadedPlugin
from plugins_app.core.process_pool.conversation import Conversation
from plugins_app.core.process_pool.options import ProcessOptions
from plugins_app.core.process_pool.process import WorkerProcess

KILL_SECONDS = 0.2
"""After a call was cancelled or timed out, until its worker is killed."""


class ProcessPool:
    """Starts its workers with the first call, or when it is told to."""

    def __init__(self, options: ProcessOptions, max_output: int) -> None:
        self._options, self._max_output = options, max_output
        self._places = asyncio.Semaphore(options.workers)
        self._lent = 0
        self._open = False
        self._idle: deque[WorkerProcess] = deque()
        self._workers: set[WorkerProcess] = set()
        self._background: set[asyncio.Task[None]] = set()

    async def run(self, execution: Execution, context: Context) -> Answer:
        """The checked answer. Waits for a free worker as long as the call may."""
        worker = await self._take(execution.loaded)
        conversation = Conversation(worker, execution, context, self._place_lent)
        try:
            answer = await conversation.hold()
        except asyncio.CancelledError:
            execution.lingering = self._start(self._break_off(worker, conversation))
            await asyncio.shield(execution.lingering)
            raise
        except ZantaraError:
            await self._settle(worker)
            raise
        except BaseException:  # nobody knows where in the conversation it stands
            worker.worn = True
            worker.kill()
            await self._settle(worker)
            raise
        await self._settle(worker)
        return answer

    async def close(self) -> None:
        """End all workers, also those that are busy. The next call would start others."""
        self._open = False
        for worker in self._workers:
            worker.worn = True
        for worker in set(self._workers) - set(self._idle):
            worker.kill()
        while self._idle:
            self._end(self._idle.popleft())
        while self._background:
            await asyncio.wait(self._background)

    def warm(self) -> None:
        """Start what is missing, without waiting for it."""
        self._open = True
        self._refill()

    def _refill(self) -> None:
        while self._open and self._options.keep and len(self._workers) < self._options.workers:
            self._idle.append(self._spawn())

    # --- places -----------------------------------------------------------------------------------

    async def _take(self, plugin: LoadedPlugin) -> WorkerProcess:
        await self._places.acquire()
        try:
            return await self._fitting(plugin)
        except BaseException:
            self._free_place()
            raise

    async def _fitting(self, plugin: LoadedPlugin) -> WorkerProcess:
        self.warm()
        worker = self._choose(plugin)
        try:
            await asyncio.shield(worker.ready)
        except asyncio.CancelledError:
            self._idle.append(worker)
            raise
        except Exception:
            self._end(worker)
            raise
        worker.calls += 1
        worker.imported_at = worker.imported_at or time.monotonic()
        return worker

    def _choose(self, plugin: LoadedPlugin) -> WorkerProcess:
        """One that imported nothing before the plugin was loaded; the one used last, since what
        it imported is still warm."""
        for worker in reversed(self._idle):
            if worker.imported_at is None or worker.imported_at > plugin.loaded_at:
                self._idle.remove(worker)
                return worker
        if self._idle:
            self._end(self._idle.popleft())
        return self._spawn()

    @contextmanager
    def _place_lent(self) -> Iterator[None]:
        """Who waits for another plugin gives its place away meanwhile: else calls that call each
        other could hold all places and wait for one. It takes it back without waiting, and the
        next that becomes free is lost for it."""
        self._places.release()
        try:
            yield
        finally:
            self._lent += 1

    def _free_place(self) -> None:
        if self._lent:
            self._lent -= 1
        else:
            self._places.release()

    # --- after a call -----------------------------------------------------------------------------

    async def _break_off(self, worker: WorkerProcess, conversation: Conversation) -> None:
        try:
            await asyncio.wait_for(conversation.break_off(), KILL_SECONDS)
        except Exception:
            worker.kill()
            await worker.gone()
        finally:
            await self._settle(worker)

    async def _settle(self, worker: WorkerProcess) -> None:
        if self._may_stay(worker):
            self._idle.append(worker)
            self._free_place()
            return
        ending = self._end(worker)
        self._free_place()
        self._refill()
        if not self._options.keep:
            await asyncio.shield(ending)

    def _may_stay(self, worker: WorkerProcess) -> bool:
        return (
            self._options.keep
            and worker.alive
            and not worker.worn
            and worker.calls < self._options.max_calls
            and len(self._workers) <= self._options.workers
        )

    def _spawn(self) -> WorkerProcess:
        # Without the variables of the call that happens to need it, and so without its secrets.
        worker = contextvars.Context().run(
            WorkerProcess, self._options, self._max_output, self._missed
        )
        self._workers.add(worker)
        return worker

    def _missed(self, worker: WorkerProcess) -> None:
        """One that died while it waited for a call is replaced."""
        if worker in self._idle:
            self._idle.remove(worker)
            self._end(worker)
            self._refill()

    def _end(self, worker: WorkerProcess) -> asyncio.Task[None]:
        self._workers.discard(worker)
        return self._start(worker.close())

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task
