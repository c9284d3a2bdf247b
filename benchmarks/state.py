"""What a call's two steps on shared state cost, in memory and on Redis: python -m benchmarks.state

One admission with everything (limit, cold answer, slot, breaker permit) and its settlement with a
kept answer, at 1 and at 32 calls at once. CPU is that of this process, not of Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from uuid import uuid4

import uvloop

from benchmarks.measuring import Stopwatch, Took, in_turns, median
from benchmarks.servers import REDIS
from plugins_app.core.memory_state import MemoryState
from plugins_app.core.state import (
    AdmitRequest,
    BreakerRule,
    CacheRule,
    ConcurrencyRule,
    RateRule,
    Sample,
    Settlement,
    SharedState,
    Verdict,
)
from plugins_app.runtime.redis.pipe import Patience
from plugins_app.runtime.redis.state import RedisState

CALLS, ROUNDS = 3_200, 5
ANSWER = b'{"answer":"' + b"x" * 1_000 + b'"}'
LIMIT, WINDOW, LEASE = 2_000, 1.0, 5.0
SLOTS, BREAKER = ConcurrencyRule("slots", 64, LEASE), BreakerRule("breaker", LEASE)
CALM = Patience(connect=5, operation=5)
"""A busy machine is no Redis that is away."""

Measured = Callable[[int], Awaitable[Took]]


async def call(state: SharedState) -> None:
    execution_id = uuid4().hex
    rate, answer = (
        RateRule(f"rate:{execution_id[:2]}", LIMIT, WINDOW),
        CacheRule(execution_id, WINDOW, LEASE),
    )
    admission = await state.admit(AdmitRequest(execution_id, (rate,), answer, SLOTS, BREAKER))
    if admission.verdict is not Verdict.ADMITTED or not admission.permit:
        raise RuntimeError(f"not admitted but {admission.verdict}: other things were measured")
    sample = Sample(BREAKER, admission.permit, ok=True)
    await state.settle(Settlement(execution_id, sample, SLOTS, answer, ANSWER))


async def in_memory(at_once: int) -> Took:
    return await _calls(MemoryState(), at_once)


async def on_redis(at_once: int) -> Took:
    """Its keys end by themselves, the last ones within a week."""
    state = RedisState(REDIS, prefix="zantara-benchmark", patience=CALM)
    await state.flight("warm")
    try:
        return await _calls(state, at_once)
    finally:
        await state.close()


async def _calls(state: SharedState, at_once: int) -> Took:
    async def caller() -> None:
        for _ in range(CALLS // at_once):
            await call(state)

    watch = Stopwatch()
    await asyncio.gather(*(caller() for _ in range(at_once)))
    return watch.read()


def main() -> None:
    print(f"{'':<20}{'CPU us a call':>16}{'wall us a call':>16}{'CPU, memory = 1':>18}")
    for at_once in (1, 32):
        kinds: dict[str, Measured] = {"in memory": in_memory, "on Redis": on_redis}
        taken = in_turns(
            {name: partial(_run, measured, at_once) for name, measured in kinds.items()}, ROUNDS
        )
        least = median(took.cpu for took in taken["in memory"])
        for name, rounds in taken.items():
            cpu, wall = median(took.cpu for took in rounds), median(took.wall for took in rounds)
            print(
                f"{name + ',':<10} {at_once:>2} at once"
                f"{cpu / CALLS * 1e6:>15.1f}{wall / CALLS * 1e6:>16.1f}{cpu / least:>18.1f}"
            )


def _run(measured: Measured, at_once: int) -> Took:
    async def run() -> Took:
        return await measured(at_once)

    return uvloop.run(run())


if __name__ == "__main__":
    main()
