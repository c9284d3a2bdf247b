"""Memory and Redis are told the same stories, step by step, and must give the same answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins_app.core.memory_state import MemoryState
from plugins_app.core.state import (
    Admission,
    AdmitRequest,
    BreakerRule,
    BreakerState,
    CacheRule,
    ConcurrencyRule,
    Permit,
    RateRule,
    Sample,
    Settlement,
    SharedState,
)
from plugins_app.core.testing import ManualTime
from plugins_app.runtime.redis.state import RedisState
from tests.servers.redis import forget, shared_url
from tests.state.conftest import CALM, SOAK

EXAMPLES = 5_000 if SOAK else 150
RATES = (RateRule("r1", 2, 8.0), RateRule("r2", 4, 16.0))
CACHES = (CacheRule("c1", 6.0, 3.0), CacheRule("c2", 20.0, 5.0))
SLOTS = (ConcurrencyRule("s1", 1, 4.0), ConcurrencyRule("s2", 3, 9.0))
BREAKERS = (BreakerRule("b1", 2.0), BreakerRule("b2", 10.0))

maybe = st.none() | st.integers(0, 1)
admits = st.tuples(st.just("admit"), st.sets(st.integers(0, 1)), maybe, maybe, maybe, st.booleans())
settles = st.tuples(
    st.just("settle"), st.integers(0, 9), st.sampled_from((True, False, False, None)),
    st.sampled_from((None, b"1", b"{}")), st.booleans(),
)  # fmt: skip
steps = st.one_of(
    admits,
    settles,
    settles,
    st.tuples(st.just("again"), st.integers(0, 9)),
    st.tuples(st.just("charged"), st.integers(0, 9)),
    st.tuples(st.just("renew"), st.integers(0, 9)),
    st.tuples(st.just("look"), st.integers(0, 1)),
    st.tuples(st.just("force"), st.integers(0, 1), st.sampled_from((*BreakerState, None))),
    st.tuples(st.just("wait"), st.sampled_from((0.125, 1.0, 3.0, 8.0, 30.0, 70.0))),
    st.tuples(st.just("fail"), st.integers(0, 1)),
)


@dataclass
class Teller:
    """Tells a story to one state; `heard` is all that it answered."""

    state: SharedState
    time: ManualTime
    calls: list[tuple[AdmitRequest, Permit | None]] = field(default_factory=list)
    heard: list[Any] = field(default_factory=list)

    async def tell(self, story: list[Any]) -> list[Any]:
        for step, *rest in story:
            self.heard.append(await getattr(self, step)(*rest))
        return self.heard

    async def admit(
        self, rates: set[int], cache: Any, slot: Any, breaker: Any, charged: bool
    ) -> Any:
        request = AdmitRequest(
            f"call{len(self.calls)}",
            rates=tuple(RATES[i] for i in sorted(rates)),
            cache=None if cache is None else CACHES[cache],
            concurrency=None if slot is None else SLOTS[slot],
            breaker=None if breaker is None else BREAKERS[breaker],
            charged=charged,
        )
        return await self._admit(request)

    async def _admit(self, request: AdmitRequest) -> Any:
        admission = await self.state.admit(request)
        self.calls.append((request, admission.permit))
        return plain(admission)

    def _call(self, number: int) -> tuple[AdmitRequest, Permit | None] | None:
        return self.calls[-1 - number] if number < len(self.calls) else None

    async def charged(self, number: int) -> Any:
        """A follower's second look."""
        if call := self._call(number):
            old = call[0]
            return await self._admit(
                AdmitRequest(
                    old.execution_id, old.rates, old.cache, old.concurrency, old.breaker, True
                )
            )
        return None

    async def settle(self, number: int, ok: Any, answer: Any, refund: bool) -> Any:
        call = self._call(number)
        if call is None:
            return None
        request, permit = call
        sample = Sample(request.breaker, permit, ok) if request.breaker and permit else None
        return await self.state.settle(
            Settlement(
                request.execution_id,
                sample,
                request.concurrency,
                request.cache,
                answer if request.cache else None,
                request.rates if refund else (),
            )
        )

    async def again(self, number: int) -> Any:
        call = self._call(number)
        if call is None or call[1] is None or call[0].breaker is None:
            return None
        request, permit = call
        assert request.breaker
        sample = Sample(request.breaker, permit, ok=False)
        admission = await self.state.next_attempt(request.execution_id, sample)
        self.calls.append((request, admission.permit))
        return plain(admission)

    async def renew(self, number: int) -> None:
        if (call := self._call(number)) and call[0].concurrency:
            await self.state.renew(call[0].execution_id, call[0].concurrency)

    async def look(self, which: int) -> Any:
        key = CACHES[which].key
        found = await self.state.breakers([rule.key for rule in BREAKERS])
        return await self.state.flight(key), plain_statuses(found)

    async def force(self, which: int, state: BreakerState | None) -> Any:
        return await self.state.force_breaker(BREAKERS[which].key, state)

    async def wait(self, seconds: float) -> None:
        self.time.now += seconds

    async def fail(self, which: int) -> Any:
        """Five attempts that fail, so that stories get as far as an open breaker."""
        heard = []
        for _ in range(5):
            heard.append(await self.admit(set(), None, None, which, False))
            heard.append(await self.settle(0, False, None, False))
        return heard


def plain(admission: Admission) -> Any:
    """Redis counts whole microseconds."""
    rate = admission.rate
    return (
        admission.verdict,
        rate and (rate.limit, rate.remaining, round(rate.reset, 4), rate.window),
        admission.retry_after and round(admission.retry_after, 4),
        admission.cached,
        admission.permit,
        admission.transitions,
    )


def plain_statuses(found: Any) -> Any:
    return {
        key: (status.state, status.forced, status.retry_after and round(status.retry_after, 4))
        for key, status in found.items()
    }


async def _both(story: list[Any], prefix: str) -> tuple[list[Any], list[Any]]:
    heard = []
    makers: list[Callable[[ManualTime], Any]] = [
        lambda time: MemoryState(clock=time.clock, random=lambda: 0.25),
        lambda time: RedisState(
            shared_url(), prefix=prefix, patience=CALM, clock=time.clock, random=lambda: 0.25
        ),
    ]
    for make in makers:
        time = ManualTime()
        state = make(time)
        heard.append(await Teller(state, time).tell(story))
        await state.close()
    return heard[0], heard[1]


@pytest.mark.usefixtures("prefix")
def test_memory_and_redis_agree_on_every_story() -> None:
    @settings(max_examples=EXAMPLES, deadline=None)
    @given(st.lists(steps, min_size=3, max_size=40))
    def agree(story: list[Any]) -> None:
        prefix = f"test-{uuid4().hex}"
        try:
            memory, redis = asyncio.run(_both(story, prefix))
        finally:
            forget(prefix)
        assert redis == memory

    agree()
