"""One call as the server and a worker talk about it: its ports, its log lines, its answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from plugins_app.core.context import Context
from plugins_app.core.errors import InvalidOutput
from plugins_app.core.execution import Answer, Execution
from plugins_app.core.lines import LONGEST, speaking
from plugins_app.core.process_pool import failures
from plugins_app.core.process_pool.frames import Frame, Head
from plugins_app.core.process_pool.port_calls import answer_ask, value_to_wire
from plugins_app.core.process_pool.process import FrameTooLarge, WorkerProcess
from plugins_app.core.process_pool.requests import request_of

MOST_ASKED = 32
"""Questions of a call that are answered at once; further ones wait."""
MOST_LINES = 1_000
"""Log records and progress reports of a call."""

LendPlace = Callable[[], AbstractContextManager[None]]


class Conversation:
    """`lend_place` is entered while the call waits for another plugin, which may need a worker."""

    def __init__(
        self, worker: WorkerProcess, execution: Execution, context: Context, lend_place: LendPlace
    ) -> None:
        self._worker, self._execution, self._context = worker, execution, context
        self._lend_place = lend_place
        self._answers: set[asyncio.Task[None]] = set()
        self._lines = 0

    async def hold(self) -> Answer:
        """Raises what the plugin raised, InvalidOutput for what is too long, or WorkerDied."""
        self._worker.printed.begin(self._print)
        try:
            self._worker.send(request_of(self._execution, self._context.remaining))
            return self._result(await self._until_done())
        except FrameTooLarge as error:
            self._worker.worn = True
            self._worker.kill()
            name = self._execution.loaded.name
            raise InvalidOutput(f"Plugin {name!r} answered {error.size} bytes") from error
        finally:
            self._worker.printed.end()
            self._drop_answers()

    async def break_off(self) -> None:
        """Until the worker says that the call is over."""
        self._worker.send({"type": "cancel", "id": self._execution.id})
        try:
            await self._until_done()
        finally:
            self._drop_answers()

    def _drop_answers(self) -> None:
        for task in self._answers:
            task.cancel()

    async def _until_done(self) -> Frame:
        while True:
            head, body = await self._worker.receive()
            if head.get("call", head.get("id", self._execution.id)) != self._execution.id:
                continue  # of a call before, which left something running
            match head["type"]:
                case "done":
                    return head, body
                case "ask":
                    await self._ask(head)
                case "log":
                    self._log(head)
                case "progress":
                    self._progress(*head["report"])

    def _result(self, frame: Frame) -> Answer:
        head, body = frame
        self._worker.worn = self._worker.worn or head["worn"]
        self._execution.hidden.add(head.get("secrets", ()))
        if error := head.get("error"):
            raise failures.from_wire(error)
        success, message, metadata = head["answer"]
        return Answer(success, body, message, metadata)

    # --- what the plugin's context does -----------------------------------------------------------

    async def _ask(self, head: Head) -> None:
        while len(self._answers) >= MOST_ASKED:
            await asyncio.wait(self._answers, return_when=asyncio.FIRST_COMPLETED)
        task = asyncio.create_task(self._answer(head))
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    async def _answer(self, head: Head) -> None:
        reply: Head = {"type": "reply", "number": head["number"]}
        try:
            value, body = value_to_wire(await self._ask_port(head))
            self._worker.send(reply | value, body)
        except Exception as error:  # also of a value that JSON cannot hold
            self._worker.send(reply | {"error": failures.to_wire(error)})

    async def _ask_port(self, head: Head) -> Any:
        if head["method"] != "call":
            return await answer_ask(self._context, head)
        with self._lend_place():
            return await answer_ask(self._context, head)

    def _counts(self) -> bool:
        self._lines += 1
        return self._lines <= MOST_LINES

    def _log(self, head: Head) -> None:
        if self._counts():
            logging.getLogger(head["logger"]).log(
                head["level"], "%s", head["message"], extra=self._extra(head["extra"])
            )

    def _progress(self, fraction: float | None, message: str) -> None:
        if self._counts():
            self._context.progress(fraction, message[:LONGEST])

    def _extra(self, added: dict[str, Any]) -> dict[str, Any]:
        return {**added, "execution_id": self._execution.id}

    def _print(self, line: str) -> None:
        """Not on the call's own task, so whose it is and what is secret in it is not known here."""
        said = self._execution.hidden.scrub(line[:LONGEST])
        with speaking(self._execution):
            self._context.log.info("printed", extra={"said": said})
