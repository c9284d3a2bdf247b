"""Calls of one script that share round trips.

What a loop's tick asks for leaves together, and while two pipelines are on their way the next
gathers: one connection each, never one per call. Whoever waits may leave; the pipeline goes on.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio.connection import AbstractConnection, ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError, ResponseError

MAX_FLYING = 2
MAX_BATCH = 256

Arguments = Sequence[bytes]
Waiting = tuple[Arguments, "asyncio.Future[Any]"]


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds. `operation` is for a whole round trip, connecting included."""

    connect: float = 0.05
    operation: float = 0.1


IN_A_HURRY = Patience()
"""A call waits no longer for what it can do without."""


class Unreachable(Exception):
    """Redis did not answer in time. The script may have run all the same."""


class ScriptPipe:
    """Opens connections on the loop that first runs it; `close` forgets them."""

    def __init__(self, url: str, script: str, patience: Patience) -> None:
        self._script = script.encode()
        self._sha = hashlib.sha1(self._script, usedforsecurity=False).hexdigest()
        self._pool = ConnectionPool.from_url(
            url, socket_connect_timeout=patience.connect, retry=Retry(NoBackoff(), 0)
        )
        self._seconds = patience.operation
        self._waiting: list[Waiting] = []
        self._leaving = False
        self._flights: set[asyncio.Task[None]] = set()

    async def run(self, *arguments: bytes) -> Any:
        """The script's answer, bytes and integers. Raises Unreachable, and ResponseError where the
        script itself failed."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((arguments, future))
        self._leave_soon()
        return await future

    async def close(self) -> None:
        if self._flights:
            await asyncio.wait(self._flights)
        await self._pool.disconnect()

    def _leave_soon(self) -> None:
        if self._waiting and not self._leaving and len(self._flights) < MAX_FLYING:
            self._leaving = True
            asyncio.get_running_loop().call_soon(self._leave)

    def _leave(self) -> None:
        self._leaving = False
        batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
        flight = asyncio.get_running_loop().create_task(self._fly(batch))
        self._flights.add(flight)
        flight.add_done_callback(self._land)

    def _land(self, flight: asyncio.Task[None]) -> None:
        self._flights.discard(flight)
        self._leave_soon()

    async def _fly(self, batch: list[Waiting]) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                answers = await self._answers([arguments for arguments, _ in batch])
        except (RedisError, OSError, TimeoutError) as error:
            answers = [Unreachable(str(error) or type(error).__name__)] * len(batch)
        for (_, future), answer in zip(batch, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)

    async def _answers(self, asked: list[Arguments]) -> list[Any]:
        connection = await self._pool.get_connection()  # type: ignore[no-untyped-call]
        try:
            answers = await self._exchange(connection, asked)
            if any(isinstance(answer, NoScriptError) for answer in answers):
                await _exchange(connection, [(b"SCRIPT", b"LOAD", self._script)])
                answers = await self._again(connection, asked, answers)
        except BaseException:  # also a time-out: what still comes in belongs to nobody
            await connection.disconnect(nowait=True)
            raise
        finally:
            await self._pool.release(connection)
        return answers

    async def _exchange(self, connection: AbstractConnection, asked: list[Arguments]) -> list[Any]:
        sha = self._sha.encode()
        return await _exchange(connection, [(b"EVALSHA", sha, b"0", *each) for each in asked])

    async def _again(
        self, connection: AbstractConnection, asked: list[Arguments], answers: list[Any]
    ) -> list[Any]:
        """Only those that found no script; the others have run."""
        missed = [i for i, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
        repeated = await self._exchange(connection, [asked[i] for i in missed])
        for i, answer in zip(missed, repeated, strict=True):
            answers[i] = answer
        return answers


async def _exchange(connection: AbstractConnection, commands: list[Arguments]) -> list[Any]:
    """One write, then as many answers; an error that is an answer does not stop the others."""
    packed = [part for command in commands for part in connection.pack_command(*command)]
    await connection.send_packed_command(b"".join(packed), check_health=False)
    return [await _answer(connection) for _ in commands]


async def _answer(connection: AbstractConnection) -> Any:
    try:
        return await connection.read_response(disable_decoding=True)
    except ResponseError as error:
        return error
