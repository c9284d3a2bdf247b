"""Round trips: one for each step, shared by what asks at once, and bounded in time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import redis
from redis.exceptions import ResponseError

from plugins_app.core.state import (
    AdmitRequest,
    BreakerRule,
    CacheRule,
    ConcurrencyRule,
    RateRule,
    Sample,
    Settlement,
    Verdict,
)
from plugins_app.runtime.redis.pipe import Patience, ScriptPipe, Unreachable
from plugins_app.runtime.redis.state import RedisState
from tests.servers.redis import RedisServer, own_server
from tests.state.conftest import CALM

EVERYTHING = AdmitRequest(
    "call",
    rates=(RateRule("r1", 9), RateRule("r2", 9)),
    cache=CacheRule("c", 9, 9),
    concurrency=ConcurrencyRule("s", 9, 9),
    breaker=BreakerRule("b", 9),
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with own_server(tmp_path) as server:
        yield server


@pytest.fixture
async def state(server: RedisServer) -> AsyncIterator[RedisState]:
    state = RedisState(server.url, prefix="test", patience=CALM)
    await state.flight("warm")  # the connection stands, the script is loaded
    yield state
    await state.close()


def calls_of(server: RedisServer) -> int:
    with redis.Redis.from_url(server.url) as client:
        return int(client.info("commandstats").get("cmdstat_evalsha", {}).get("calls", 0))


def reads_of(server: RedisServer) -> int:
    """How often the server was read from, which a pipeline does once."""
    with redis.Redis.from_url(server.url) as client:
        return int(client.info("stats")["total_reads_processed"])


async def test_everything_before_a_call_is_one_step_and_everything_after_it_one_more(
    server: RedisServer, state: RedisState
) -> None:
    before = calls_of(server)
    admission = await state.admit(EVERYTHING)
    assert calls_of(server) == before + 1
    assert admission.permit
    assert EVERYTHING.breaker
    await state.settle(
        Settlement(
            "call",
            Sample(EVERYTHING.breaker, admission.permit, ok=True),
            EVERYTHING.concurrency,
            EVERYTHING.cache,
            b"1",
            EVERYTHING.rates,
        )
    )
    assert calls_of(server) == before + 2


async def test_what_asks_in_one_tick_leaves_together(
    server: RedisServer, state: RedisState
) -> None:
    one, two = reads_of(server), reads_of(server)
    await asyncio.gather(*(state.flight(str(n)) for n in range(100)))
    assert reads_of(server) - two == (two - one) + 1


async def test_a_server_that_forgot_the_script_gets_it_again(
    server: RedisServer, state: RedisState
) -> None:
    rule = RateRule("k", 7)
    with redis.Redis.from_url(server.url) as client:
        client.script_flush()
    asked = [state.admit(AdmitRequest(str(n), rates=(rule,))) for n in range(20)]
    verdicts = [admission.verdict for admission in await asyncio.gather(*asked)]
    assert verdicts.count(Verdict.ADMITTED) == 7


async def test_a_caller_that_leaves_does_not_stop_the_others(state: RedisState) -> None:
    asked = [asyncio.ensure_future(state.flight(str(n))) for n in range(10)]
    await asyncio.sleep(0)
    asked[3].cancel()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(a).__name__ for a in answers].count("Flight") == 9


async def test_an_error_of_the_script_is_no_absence(server: RedisServer) -> None:
    pipe = ScriptPipe(server.url, "return redis.call('LPUSH', ARGV[1])", CALM)
    with pytest.raises(ResponseError):
        await pipe.run(b"x")
    await pipe.close()


async def test_a_step_that_fails_does_not_stop_those_that_left_with_it(
    server: RedisServer,
) -> None:
    pipe = ScriptPipe(server.url, "return ARGV[1] == 'x' and nowhere.at_all or ARGV[1]", CALM)
    steps = [b"a", b"x", b"b"]
    answers = await asyncio.gather(*map(pipe.run, steps), return_exceptions=True)
    assert answers[::2] == [b"a", b"b"]
    assert isinstance(answers[1], ResponseError)
    await pipe.close()


async def test_what_asks_in_one_tick_is_one_call_of_the_script(
    server: RedisServer, state: RedisState
) -> None:
    before = calls_of(server)
    await asyncio.gather(*(state.flight(str(n)) for n in range(100)))
    assert calls_of(server) == before + 1


async def test_an_answer_that_came_too_late_is_nobody_elses(server: RedisServer) -> None:
    pipe = ScriptPipe(server.url, "return ARGV[1]", Patience(1, 1))
    assert await pipe.run(b"warm") == b"warm"
    pipe._seconds = 0.05
    server.freeze()
    with pytest.raises(Unreachable):
        await pipe.run(b"late")
    server.thaw()
    pipe._seconds = 5
    assert [await pipe.run(str(n).encode()) for n in range(5)] == [b"0", b"1", b"2", b"3", b"4"]
    await pipe.close()


async def test_no_server_is_unreachable_at_once(server: RedisServer) -> None:
    server.kill()
    with pytest.raises(Unreachable):
        await ScriptPipe(server.url, "return 1", CALM).run(b"x")


async def test_every_key_ends_by_itself(server: RedisServer, state: RedisState) -> None:
    await state.admit(EVERYTHING)
    await state.admit(AdmitRequest("follower", cache=EVERYTHING.cache))
    await state.settle(Settlement("another", cache=CacheRule("c2", 9, 9), answer=b"1"))
    for number in range(20):
        admission = await state.admit(AdmitRequest(str(number), breaker=EVERYTHING.breaker))
        if admission.permit and EVERYTHING.breaker:
            sample = Sample(EVERYTHING.breaker, admission.permit, ok=False)
            await state.settle(Settlement(str(number), sample))
    with redis.Redis.from_url(server.url) as client:
        keys = list(client.scan_iter("*"))
        assert len(keys) >= 6
        assert [key for key in keys if client.pttl(key) < 0] == []
