"""Shared state that goes on without Redis: each process then holds its own share of every limit and
its own breakers. The gate is never open; what is cached is a miss."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import ParamSpec, TypeVar

from plugins_app.core.errors import Unavailable
from plugins_app.core.memory_state import MemoryState
from plugins_app.core.state import (
    Admission,
    AdmitRequest,
    BreakerState,
    BreakerStatus,
    ConcurrencyRule,
    Flight,
    RateRule,
    Sample,
    Settlement,
    SharedState,
    Transition,
    Verdict,
)
from plugins_app.runtime.redis.pipe import Unreachable

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")
FAILURES = 3
REST_SECONDS = 1.0
"""After FAILURES in a row nobody waits for Redis; once in this time one call tries."""
_TO_BE_SETTLED = (Verdict.ADMITTED, Verdict.FOLLOW)


class DegradingState:
    """`workers`: how many processes share the limits now."""

    def __init__(
        self,
        shared: SharedState,
        workers: Callable[[], int],
        *,
        clock: Callable[[], float] = time.monotonic,
        local: MemoryState | None = None,
    ) -> None:
        self._shared, self._workers, self._clock = shared, workers, clock
        self._local = local or MemoryState(clock=clock)
        self._failures, self._rest_until = 0, 0.0
        self._locally: set[str] = set()
        """Executions that this process let in by itself."""

    @property
    def degraded(self) -> bool:
        return self._failures > 0

    async def close(self) -> None:
        await self._shared.close()

    async def admit(self, request: AdmitRequest) -> Admission:
        try:
            admission = await self._ask(self._shared.admit, request)
        except Unreachable:
            return await self._admit_locally(request)
        self._locally.discard(request.execution_id)
        return admission

    async def _admit_locally(self, request: AdmitRequest) -> Admission:
        admission = await self._local.admit(self._own_share(request))
        if admission.verdict in _TO_BE_SETTLED:
            self._locally.add(request.execution_id)
        return admission._replace(degraded=True)

    async def next_attempt(self, execution_id: str, sample: Sample) -> Admission:
        if execution_id not in self._locally:
            try:
                return await self._ask(self._shared.next_attempt, execution_id, sample)
            except Unreachable:
                self._locally.add(execution_id)
        admission = await self._local.next_attempt(execution_id, sample)
        return admission._replace(degraded=True)

    async def settle(self, settlement: Settlement) -> tuple[Transition, ...]:
        """What was taken on Redis and cannot be given back there ends with its lease."""
        if settlement.execution_id in self._locally:
            self._locally.discard(settlement.execution_id)
            return await self._local.settle(settlement._replace(answer=None))
        try:
            return await self._ask(self._shared.settle, settlement)
        except Unreachable:
            return ()

    async def renew(self, execution_id: str, rule: ConcurrencyRule) -> None:
        if execution_id in self._locally:
            await self._local.renew(execution_id, rule)
            return
        try:
            await self._ask(self._shared.renew, execution_id, rule)
        except Unreachable:
            logger.warning("a lease was not renewed", extra={"execution_id": execution_id})

    async def flight(self, key: str) -> Flight:
        local = await self._local.flight(key)
        if local.flying:
            return local
        try:
            return await self._ask(self._shared.flight, key)
        except Unreachable:
            return local

    async def followed(self, key: str) -> bool:
        if await self._local.followed(key):
            return True
        try:
            return await self._ask(self._shared.followed, key)
        except Unreachable:
            return False

    async def breakers(self, keys: Iterable[str]) -> Mapping[str, BreakerStatus]:
        wanted = list(keys)
        try:
            return await self._ask(self._shared.breakers, wanted)
        except Unreachable:
            return await self._local.breakers(wanted)

    async def force_breaker(self, key: str, state: BreakerState | None) -> Transition | None:
        """Raises Unavailable: one process cannot decide for the others."""
        try:
            return await self._ask(self._shared.force_breaker, key, state)
        except Unreachable:
            raise Unavailable("The shared state is away", retry_after=REST_SECONDS) from None

    async def _ask(self, step: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Raises Unreachable, at once where Redis is known to be away."""
        if self._failures >= FAILURES:
            if self._clock() < self._rest_until:
                raise Unreachable("resting")
            self._rest_until = self._clock() + REST_SECONDS  # the others rest on while this tries
        try:
            answer = await step(*args, **kwargs)
        except Unreachable as error:
            self._note_failure(error)
            raise
        if self._failures:
            logger.warning("shared state is back")
        self._failures = 0
        return answer

    def _note_failure(self, error: Unreachable) -> None:
        if not self._failures:
            logger.warning("shared state is away", extra={"error": str(error)})
        self._failures += 1
        self._rest_until = self._clock() + REST_SECONDS

    def _own_share(self, request: AdmitRequest) -> AdmitRequest:
        """floor(limit / workers), and at least one."""
        workers = max(1, self._workers())
        slots = request.concurrency
        return request._replace(
            rates=tuple(_share(rule, workers) for rule in request.rates),
            concurrency=slots and slots._replace(limit=max(1, slots.limit // workers)),
        )


def _share(rule: RateRule, workers: int) -> RateRule:
    return rule._replace(limit=max(1, rule.limit // workers))
