"""Steps of one script that share round trips.

What a loop's tick asks for leaves together, as one call of the script, and while two such calls
are on their way the next gathers: one connection each, never one per step. Whoever waits may
leave; the call goes on.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from typing import Any

from redis.asyncio.connection import AbstractConnection, ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError, ResponseError

MAX_FLYING = 2
MAX_BATCH = 128
"""Redis does nothing else meanwhile."""

Waiting = tuple[bytes, "asyncio.Future[Any]"]

_ONE_AFTER_THE_OTHER = """
local function step(ARGV)
%s
end
local answers = {}
for index, asked in ipairs(ARGV) do
  local done, answer = pcall(step, {asked})
  if not done and type(answer) ~= 'table' then answer = {err = 'ERR ' .. tostring(answer)} end
  if answer == nil then answer = false end
  answers[index] = answer
end
return answers
"""


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
    """`script`: one step, whose only argument is ARGV[1]; where it fails, the others go on.

    Opens connections on the loop that first runs it; `close` forgets them.
    """

    def __init__(self, url: str, script: str, patience: Patience) -> None:
        self._script = (_ONE_AFTER_THE_OTHER % script).encode()
        self._sha = hashlib.sha1(self._script, usedforsecurity=False).hexdigest().encode()
        self._pool = ConnectionPool.from_url(
            url, socket_connect_timeout=patience.connect, retry=Retry(NoBackoff(), 0)
        )
        self._seconds = patience.operation
        self._waiting: list[Waiting] = []
        self._leaving = False
        self._flights: set[asyncio.Task[None]] = set()

    def run(self, step: bytes) -> asyncio.Future[Any]:
        """The script's answer, bytes and integers; or Unreachable, or ResponseError where the
        script itself failed."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((step, future))
        self._leave_soon()
        return future

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
                answers = await self._answers([step for step, _ in batch])
        except ResponseError as error:
            answers = [error] * len(batch)
        except (RedisError, OSError, TimeoutError) as error:
            answers = [Unreachable(str(error) or type(error).__name__)] * len(batch)
        for (_, future), answer in zip(batch, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)

    async def _answers(self, steps: list[bytes]) -> list[Any]:
        connection = await self._pool.get_connection()  # type: ignore[no-untyped-call]
        call = (b"EVALSHA", self._sha, b"0", *steps)
        try:
            try:
                answers: list[Any] = await _exchange(connection, *call)
            except NoScriptError:
                await _exchange(connection, b"SCRIPT", b"LOAD", self._script)
                answers = await _exchange(connection, *call)
        except ResponseError:
            raise
        except BaseException:  # also a time-out: what still comes in belongs to nobody
            await connection.disconnect(nowait=True)
            raise
        finally:
            await self._pool.release(connection)
        return answers


async def _exchange(connection: AbstractConnection, *command: bytes) -> Any:
    parts = [b"$%d\r\n%b\r\n" % (len(part), part) for part in command]
    packed = b"*%d\r\n%b" % (len(parts), b"".join(parts))
    await connection.send_packed_command(packed, check_health=False)
    return await connection.read_response(disable_decoding=True)
