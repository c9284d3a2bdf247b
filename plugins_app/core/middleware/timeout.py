from __future__ import annotations

import asyncio
from collections.abc import Callable

from plugins_app.core.errors import CallTimeout, PluginCrashed
from plugins_app.core.execution import Answer, CallNext, Execution
from plugins_app.core.waiting import ended

GRACE = 0.5
"""Seconds that cancelled code has to clean up before the caller is answered without it."""


class Timeout:
    """Ends an attempt on time, whatever the code inside does with its cancellation."""

    def __init__(self, clock: Callable[[], float], grace: float = GRACE) -> None:
        self._clock, self._grace = clock, grace

    async def __call__(self, execution: Execution, call_next: CallNext) -> Answer:
        limit = execution.loaded.metadata.attempt_timeout
        left = execution.deadline - self._clock()
        task = asyncio.create_task(call_next(execution))
        try:
            await ended(task, max(0.0, min(limit, left)))
        except asyncio.CancelledError:
            await self._stop(execution, task)
            raise
        name = execution.loaded.name
        if task.done() and not task.cancelled():
            return task.result()
        if task.done():
            raise PluginCrashed(f"Plugin {name!r} failed") from asyncio.CancelledError()
        await self._stop(execution, task)
        given = min(limit, max(left, 0.0))
        message = f"Plugin {name!r} did not answer within {given:.3g} s"
        raise CallTimeout(message, hasty=given < min(limit, _usual_seconds(execution)))

    async def _stop(self, execution: Execution, task: asyncio.Future[Answer]) -> None:
        task.cancel()
        try:
            await asyncio.wait({task}, timeout=self._grace)
        finally:
            if not task.done():
                execution.lingering = task
            task.add_done_callback(_take_result)


def _usual_seconds(execution: Execution) -> float:
    return execution.loaded.metadata.estimated_time


def _take_result(task: asyncio.Future[Answer]) -> None:
    """Nobody waits any more; asking for the exception keeps asyncio from reporting it."""
    if not task.cancelled():
        task.exception()
