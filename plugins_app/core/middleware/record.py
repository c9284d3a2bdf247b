from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from plugins_app.core.errors import (
    NOT_ACCEPTED,
    Cancelled,
    OutcomeUnknown,
    Unavailable,
    ZantaraError,
)
from plugins_app.core.execution import ACCEPT, Answer, Answering, CallNext, Execution, Journal

logger = logging.getLogger(__name__)


class InternalError(ZantaraError):
    """A fault of the platform itself; details are in the log."""


class Record:
    """Outermost: whatever happens inside, it is written down before the caller is answered."""

    def __init__(self, journal: Journal, clock: Callable[[], float]) -> None:
        self._journal, self._clock = journal, clock
        self._background: set[asyncio.Task[None]] = set()

    async def __call__(self, execution: Execution, call_next: CallNext) -> Answer:
        try:
            execution.answer = await call_next(execution)
        except ZantaraError as error:
            execution.error = error
        except asyncio.CancelledError:
            execution.error = Cancelled("The caller went away")
            self._stop_the_clock(execution)
            self._finish_in_background(execution)
            raise
        except Exception as error:
            logger.exception("the engine failed", extra={"execution_id": execution.id})
            execution.error = InternalError("Internal error")
            execution.error.__cause__ = error
        self._stop_the_clock(execution)
        await self._write(execution)
        if execution.error:
            raise execution.error
        assert execution.answer
        return execution.answer

    def _stop_the_clock(self, execution: Execution) -> None:
        execution.duration = self._clock() - execution.started

    async def _write(self, execution: Execution) -> None:
        if execution.plugin is None:
            return
        if not (execution.admitted or execution.claimed):
            self._journal.refuse(execution)
            return
        try:
            await self._journal.finish(execution)
        except (OutcomeUnknown, Unavailable) as error:
            execution.answer, execution.error = None, error
        except Exception as error:
            logger.exception("the journal failed", extra={"execution_id": execution.id})
            execution.answer, execution.error = None, OutcomeUnknown("The call was not recorded")
            execution.error.__cause__ = error

    def _finish_in_background(self, execution: Execution) -> None:
        task = asyncio.create_task(self._write(execution))
        self._background.add(task)
        task.add_done_callback(self._background.discard)


class Accept:
    """The row of a call that may change something is durable before the plugin starts."""

    def __init__(self, journal: Journal, clock: Callable[[], float]) -> None:
        self._journal, self._clock = journal, clock

    def __call__(self, execution: Execution, call_next: CallNext) -> Answering:
        if execution.announced and not execution.claimed:
            return self._accepted(execution, call_next)
        return call_next(execution)

    async def _accepted(self, execution: Execution, call_next: CallNext) -> Answer:
        execution.marks += (ACCEPT, self._clock())
        try:
            await self._journal.accept(execution)
        except NOT_ACCEPTED:
            execution.admitted = False
            raise
        return await call_next(execution)
