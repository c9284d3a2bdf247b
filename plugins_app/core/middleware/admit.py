from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from plugins_app.core.errors import (
    NOT_ACCEPTED,
    CallTimeout,
    CircuitOpen,
    ConcurrencyLimited,
    InvalidOutput,
    PluginCrashed,
    PluginError,
    RateLimited,
    ZantaraError,
)
from plugins_app.core.execution import (
    ADMIT,
    FOLLOW,
    SETTLE,
    Answer,
    CallNext,
    Execution,
    Journal,
)
from plugins_app.core.middleware.single_flight import Followers
from plugins_app.core.state import (
    Admission,
    AdmitRequest,
    CacheRule,
    ConcurrencyRule,
    RateRule,
    Sample,
    Settlement,
    SharedState,
    Transition,
    Verdict,
)

logger = logging.getLogger(__name__)

_PLUGIN_FAILED = (PluginError, PluginCrashed, InvalidOutput, CallTimeout)


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits that hold over all plugins. Rates are calls per minute."""

    anonymous_rate: int | None = 60
    window: float = 60.0


class Admit:
    """One step on shared state before the call (rates, cache, single flight, concurrency,
    breaker) and one after it (breaker sample, permits back, answer cached)."""

    def __init__(
        self,
        state: SharedState,
        journal: Journal,
        *,
        limits: Limits,
        clock: Callable[[], float],
        followers: Followers,
    ) -> None:
        self._state, self._journal, self._limits = state, journal, limits
        self._clock, self._followers = clock, followers
        self._background: set[asyncio.Task[Any]] = set()

    async def __call__(self, execution: Execution, call_next: CallNext) -> Answer:
        execution.marks += (ADMIT, self._clock())
        request = self._request(execution)
        admission = await self._look(execution, request)
        if admission.verdict is Verdict.FOLLOW:
            admission = await self._follow(execution, request)
        if admission.verdict is Verdict.HIT:
            if answer := Answer.from_cache(admission.cached or b""):
                execution.admitted = execution.cached = True
                return answer
            logger.warning("damaged cache entry", extra={"plugin": execution.loaded.key})
            admission = await self._look(execution, request._replace(cache=None, charged=True))
        _raise_refusal(execution, admission)
        execution.admitted, execution.permit = True, admission.permit
        return await self._run(execution, request, call_next)

    async def _look(self, execution: Execution, request: AdmitRequest) -> Admission:
        first = execution.admission
        try:
            admission = await self._state.admit(request)
        except asyncio.CancelledError:
            self._undo(execution, request)
            raise
        if admission.rate is None and first:
            admission = admission._replace(rate=first.rate)
        execution.admission = admission
        self._note(execution, admission.transitions)
        return admission

    def _undo(self, execution: Execution, request: AdmitRequest) -> None:
        """The caller left on the way in: give back what the step may have taken."""
        settlement = Settlement(
            execution.id,
            concurrency=request.concurrency,
            cache=request.cache,
            refund=request.rates,
        )
        self._keep(asyncio.create_task(self._state.settle(settlement)))

    async def _follow(self, execution: Execution, request: AdmitRequest) -> Admission:
        """Wait for the leader, holding nothing, then look again without being charged twice.
        Whoever leaves without an answer is not charged at all."""
        execution.marks += (FOLLOW, self._clock())
        calls = execution.loaded.calls
        calls.waiting += 1
        execution.waiting = calls.waiting
        try:
            return await self._wait_and_look(execution, request._replace(charged=True))
        except (asyncio.CancelledError, CallTimeout):
            self._undo(execution, request)
            raise
        finally:
            calls.waiting -= 1

    async def _wait_and_look(self, execution: Execution, request: AdmitRequest) -> Admission:
        assert request.cache
        while True:
            left = execution.deadline - self._clock()
            if left <= 0:
                raise CallTimeout(f"Plugin {execution.loaded.name!r} did not answer in time")
            await self._followers.wait(request.cache.key, left)
            admission = await self._look(execution, request)
            if admission.verdict is not Verdict.FOLLOW:
                return admission

    async def _run(
        self, execution: Execution, request: AdmitRequest, call_next: CallNext
    ) -> Answer:
        if request.cache is None:
            return await self._run_and_settle(execution, request, call_next)
        task = asyncio.create_task(self._run_and_settle(execution, request, call_next))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            execution.detached = task
            self._keep(task)
            if not await self._state.followed(request.cache.key):
                task.cancel()
                await asyncio.wait({task})
            raise

    async def _run_and_settle(
        self, execution: Execution, request: AdmitRequest, call_next: CallNext
    ) -> Answer:
        try:
            answer = await call_next(execution)
        except asyncio.CancelledError as error:  # a second one must not stop the settling
            await asyncio.shield(self._settle(execution, request, None, error))
            raise
        except BaseException as error:
            await self._settle(execution, request, None, error)
            raise
        await self._settle(execution, request, answer, None)
        return answer

    async def _settle(
        self,
        execution: Execution,
        request: AdmitRequest,
        answer: Answer | None,
        error: BaseException | None,
    ) -> None:
        execution.marks += (SETTLE, self._clock())
        lingering = execution.lingering if _still_runs(execution) else None
        settlement = Settlement(
            execution.id,
            sample=_sample(execution, request, error),
            concurrency=None if lingering else request.concurrency,
            cache=request.cache,
            answer=answer.to_cache() if answer and answer.success and request.cache else None,
            refund=request.rates if isinstance(error, NOT_ACCEPTED) else (),
        )
        self._note(execution, await self._state.settle(settlement))
        if lingering and request.concurrency:
            self._keep(asyncio.create_task(self._release_later(execution, request.concurrency)))

    async def _release_later(self, execution: Execution, rule: ConcurrencyRule) -> None:
        """The permit goes back when the work really ended."""
        while _still_runs(execution) and execution.lingering:
            await self._state.renew(execution.id, rule)
            await asyncio.wait({execution.lingering}, timeout=rule.lease / 3)
        await self._state.settle(Settlement(execution.id, concurrency=rule))

    def _keep(self, task: asyncio.Task[Any]) -> None:
        self._background.add(task)
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._background.discard(task)
        error = None if task.cancelled() else task.exception()
        if error and not isinstance(error, ZantaraError):
            logger.error("background work failed", exc_info=error)

    def _note(self, execution: Execution, transitions: tuple[Transition, ...]) -> None:
        if transitions:
            self._journal.breaker_moved(execution.loaded, transitions)

    def _request(self, execution: Execution) -> AdmitRequest:
        plugin, left = execution.loaded, execution.deadline - self._clock()
        metadata = plugin.metadata
        cache, concurrency = None, None
        if metadata.cache_ttl and execution.use_cache:
            cache = CacheRule(cache_key(execution), metadata.cache_ttl, left + 1)
        if limit := metadata.max_concurrency:
            concurrency = ConcurrencyRule(f"concurrency:{plugin.name}", limit, left + 1)
        return AdmitRequest(
            execution.id,
            rates=self._rates(execution),
            cache=cache,
            concurrency=concurrency,
            breaker=plugin.breaker,
        )

    def _rates(self, execution: Execution) -> tuple[RateRule, ...]:
        caller, metadata = execution.caller, execution.loaded.metadata
        window = self._limits.window
        own_limit = caller.rate_limit if caller.authenticated else self._limits.anonymous_rate
        rules = []
        if metadata.rate_limit:
            rules.append(RateRule(f"rate:{metadata.name}:{caller.id}", metadata.rate_limit, window))
        if own_limit:
            rules.append(RateRule(f"rate:*:{caller.id}", own_limit, window))
        return tuple(rules)


def cache_key(execution: Execution) -> str:
    """Version, code, configuration and scope are part of it: no answer outlives its reasons."""
    plugin = execution.loaded
    assert execution.input is not None
    scope = execution.caller.id if plugin.metadata.cache_scope == "caller" else "public"
    data = execution.input.model_dump(mode="json")
    digest = hashlib.sha256(orjson.dumps(data, option=orjson.OPT_SORT_KEYS)).hexdigest()
    code = plugin.source_hash[:16]
    return f"cache:{plugin.key}:{code}:{plugin.config_generation}:{scope}:{digest}"


def _sample(
    execution: Execution, request: AdmitRequest, error: BaseException | None
) -> Sample | None:
    """Refusals and cancellations say nothing about the plugin, but give a probe back."""
    if request.breaker is None or execution.permit is None:
        return None
    return Sample(request.breaker, execution.permit, _went_well(error))


def _went_well(error: BaseException | None) -> bool | None:
    if error is None:
        return True
    hasty = isinstance(error, CallTimeout) and error.hasty
    return False if isinstance(error, _PLUGIN_FAILED) and not hasty else None


def _still_runs(execution: Execution) -> bool:
    return execution.lingering is not None and not execution.lingering.done()


def _raise_refusal(execution: Execution, admission: Admission) -> None:
    name, wait = execution.loaded.name, admission.retry_after
    if admission.verdict is Verdict.RATE_LIMITED and admission.rate:
        rate = admission.rate
        raise RateLimited(
            f"Rate limit of {rate.limit} calls per {rate.window:g} s for {name} is used up",
            retry_after=wait,
        )
    if admission.verdict is Verdict.CONCURRENCY_LIMITED:
        raise ConcurrencyLimited(f"{name} is at its limit of calls at once", retry_after=wait)
    if admission.verdict is Verdict.CIRCUIT_OPEN:
        raise CircuitOpen(f"{name} is failing and rests for a while", retry_after=wait)
