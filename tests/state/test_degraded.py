"""Without Redis each process holds its own share, and with it all are exact again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from plugins_app.core.errors import Unavailable
from plugins_app.core.state import (
    AdmitRequest,
    BreakerRule,
    BreakerState,
    CacheRule,
    ConcurrencyRule,
    RateRule,
    Sample,
    Settlement,
    Verdict,
)
from plugins_app.core.testing import ManualTime
from plugins_app.runtime.redis.degrading import REST_SECONDS, DegradingState
from plugins_app.runtime.redis.pipe import Unreachable
from plugins_app.runtime.redis.state import RedisState
from tests.servers.redis import RedisServer, own_server
from tests.state.conftest import CALM

WORKERS = 4
RULE = RateRule("k", 20)
BREAKER = BreakerRule("b", 5)


class Switched(RedisState):
    """A real Redis that a test takes away; `asked` counts who tried it."""

    away = False
    asked = 0

    async def _run(self, step: Any, answer: bytes | None = None) -> Any:
        self.asked += 1
        if self.away:
            raise Unreachable("switched off")
        return await super()._run(step, answer)


@pytest.fixture
async def shared(prefix: str) -> AsyncIterator[Switched]:
    from tests.servers.redis import shared_url

    shared = Switched(shared_url(), prefix=prefix, patience=CALM)
    yield shared
    await shared.close()


@pytest.fixture
def state(shared: Switched, time: ManualTime) -> DegradingState:
    return DegradingState(shared, lambda: WORKERS, clock=time.clock)


async def admitted(state: DegradingState, count: int, start: str = "") -> int:
    asked = (state.admit(AdmitRequest(f"{start}{n}", rates=(RULE,))) for n in range(count))
    found = [await each for each in asked]
    return [each.verdict for each in found].count(Verdict.ADMITTED)


async def test_while_redis_is_there_nothing_is_degraded(state: DegradingState) -> None:
    admission = await state.admit(AdmitRequest("a", rates=(RULE,)))

    assert not admission.degraded
    assert not state.degraded


async def test_without_it_each_process_admits_its_share(
    state: DegradingState, shared: Switched
) -> None:
    shared.away = True

    assert await admitted(state, 50) == RULE.limit // WORKERS
    assert (await state.admit(AdmitRequest("x"))).degraded


async def test_a_share_is_at_least_one(state: DegradingState, shared: Switched) -> None:
    shared.away = True
    slot = ConcurrencyRule("s", 2, 9)
    found = [
        (await state.admit(AdmitRequest(str(n), rates=(RateRule("few", 2),), concurrency=slot)))
        for n in range(3)
    ]

    assert [each.verdict for each in found].count(Verdict.ADMITTED) == 1


async def test_a_failing_plugin_opens_its_breaker_here_too(
    state: DegradingState, shared: Switched
) -> None:
    shared.away = True
    for number in range(10):
        admission = await state.admit(AdmitRequest(str(number), breaker=BREAKER))
        assert admission.permit
        await state.settle(Settlement(str(number), Sample(BREAKER, admission.permit, ok=False)))

    assert (await state.admit(AdmitRequest("x", breaker=BREAKER))).verdict is Verdict.CIRCUIT_OPEN
    assert (await state.breakers([BREAKER.key]))[BREAKER.key].state is BreakerState.OPEN


async def test_answers_are_not_cached_but_shared_in_flight(
    state: DegradingState, shared: Switched
) -> None:
    shared.away = True
    rule = CacheRule("c", 60, 9)
    leader = await state.admit(AdmitRequest("a", cache=rule))
    follower = await state.admit(AdmitRequest("b", cache=rule))
    assert (leader.verdict, follower.verdict) == (Verdict.ADMITTED, Verdict.FOLLOW)
    assert (await state.flight("c")).flying
    assert await state.followed("c")
    await state.settle(Settlement("a", cache=rule, answer=b"1"))

    assert not (await state.flight("c")).flying
    assert (await state.admit(AdmitRequest("b", cache=rule))).verdict is Verdict.ADMITTED


async def test_after_three_failures_nobody_waits_for_it(
    state: DegradingState, shared: Switched, time: ManualTime
) -> None:
    shared.away = True
    await admitted(state, 20)
    assert shared.asked == 3
    time.now += REST_SECONDS
    await asyncio.gather(*(state.admit(AdmitRequest(f"later{n}")) for n in range(20)))
    assert shared.asked == 4


async def test_it_is_back_within_a_second_of_its_return(
    state: DegradingState, shared: Switched, time: ManualTime
) -> None:
    shared.away = True
    await admitted(state, 10)
    shared.away = False
    time.now += REST_SECONDS

    assert not (await state.admit(AdmitRequest("x"))).degraded
    assert not state.degraded


async def test_what_was_let_in_here_is_settled_here(
    state: DegradingState, shared: Switched, time: ManualTime
) -> None:
    shared.away = True
    slot = ConcurrencyRule("s", 4, 60)
    assert (await state.admit(AdmitRequest("a", concurrency=slot))).verdict is Verdict.ADMITTED
    shared.away = False
    time.now += REST_SECONDS
    await state.renew("a", slot)
    await state.settle(Settlement("a", concurrency=slot))
    shared.away = True

    assert (await state.admit(AdmitRequest("b", concurrency=slot))).verdict is Verdict.ADMITTED
    assert not state._locally - {"b"}


async def test_a_call_whose_redis_left_ends_all_the_same(
    state: DegradingState, shared: Switched
) -> None:
    admission = await state.admit(AdmitRequest("a", rates=(RULE,), breaker=BREAKER))
    shared.away = True
    assert admission.permit
    sample = Sample(BREAKER, admission.permit, ok=False)
    again = await state.next_attempt("a", sample)

    assert again.verdict is Verdict.ADMITTED
    assert again.permit
    assert await state.settle(Settlement("a", Sample(BREAKER, again.permit, ok=True))) == ()


async def test_no_single_process_forces_a_breaker(state: DegradingState, shared: Switched) -> None:
    shared.away = True
    with pytest.raises(Unavailable):
        await state.force_breaker("b", BreakerState.OPEN)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with own_server(tmp_path) as server:
        yield server


@pytest.mark.parametrize("fault", ["killed", "frozen"])
async def test_a_server_that_goes_and_comes_back(server: RedisServer, fault: str) -> None:
    """On the real clock and with the patience of production."""
    state = DegradingState(RedisState(server.url, prefix="t"), lambda: WORKERS)
    await _until(state, degraded=False)
    (server.kill if fault == "killed" else server.freeze)()
    loop = asyncio.get_running_loop()
    start = loop.time()
    await asyncio.gather(*(state.admit(AdmitRequest(f"a{n}", rates=(RULE,))) for n in range(50)))
    waited = loop.time() - start
    assert (await state.admit(AdmitRequest("x"))).degraded
    (server.start if fault == "killed" else server.thaw)()
    await _until(state, degraded=False)

    assert waited < 2  # the patience is a tenth of a second; the rest is a busy machine
    await state.close()


async def _until(state: DegradingState, *, degraded: bool) -> None:
    async with asyncio.timeout(5):
        while (await state.admit(AdmitRequest("probe"))).degraded is not degraded:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
