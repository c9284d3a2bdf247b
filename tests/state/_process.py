"""One of many processes that share a Redis: `python -m tests.state._process ROLE JSON`. Tells what
it saw as JSON lines."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any
from uuid import uuid4

from plugins_app.core.metadata import PluginMetadata
from plugins_app.core.plugin import Plugin, PluginInput, PluginOutput
from plugins_app.core.state import (
    AdmitRequest,
    BreakerRule,
    ConcurrencyRule,
    RateRule,
    Settlement,
    Verdict,
)
from plugins_app.core.testing import memory_executor
from plugins_app.runtime.redis.state import RedisState
from tests.state.conftest import CALM


def tell(**what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def state_of(asked: dict[str, Any]) -> RedisState:
    now = asked.get("now")
    clock = (lambda: float(now)) if now else None
    return RedisState(asked["url"], prefix=asked["prefix"], patience=CALM, clock=clock)


async def hammer(asked: dict[str, Any]) -> None:
    """Calls as fast as possible; the number of admissions."""
    state, rule = state_of(asked), RateRule("k", asked["limit"])
    admitted = 0
    for _ in range(asked["calls"] // 50):
        requests = [AdmitRequest(uuid4().hex, rates=(rule,)) for _ in range(50)]
        found = await asyncio.gather(*map(state.admit, requests))
        admitted += [each.verdict for each in found].count(Verdict.ADMITTED)
    tell(admitted=admitted)


async def pace(asked: dict[str, Any]) -> None:
    """Steady calls for a while: verdict, and between which moments it was given."""
    state = state_of(asked)
    rule = RateRule("k", asked["limit"], asked["window"])
    end = time.time() + asked["seconds"]
    while time.time() < end:
        before = time.time()
        admission = await state.admit(AdmitRequest(uuid4().hex, rates=(rule,)))
        tell(ok=admission.verdict is Verdict.ADMITTED, between=[before, time.time()])
        await asyncio.sleep(asked["pause"])


async def read(asked: dict[str, Any]) -> None:
    """Many reads of one cold key at once."""

    class Reads(Plugin[PluginInput, PluginOutput]):
        metadata = PluginMetadata(
            name="reads", read_only=True, cache_ttl=60, cache_scope="public", timeout=30
        )

        async def execute(self, input_data: PluginInput) -> PluginOutput:
            tell(executed=True)
            await asyncio.sleep(asked["seconds"])
            return PluginOutput(data="read")

    executor = await memory_executor(Reads, state=state_of(asked))
    sys.stdin.readline()
    found = await asyncio.gather(*(executor.execute("reads", {}) for _ in range(asked["reads"])))
    tell(answers=[each.data for each in found])


async def probe(asked: dict[str, Any]) -> None:
    """Attempts under a breaker that may be half-open. None is ever reported."""
    state, rule = state_of(asked), BreakerRule("b", asked["lease"])
    requests = [AdmitRequest(uuid4().hex, breaker=rule) for _ in range(asked["calls"])]
    found = await asyncio.gather(*map(state.admit, requests))
    tell(admitted=[each.verdict for each in found].count(Verdict.ADMITTED))
    if asked.get("hold"):
        sys.stdin.readline()


async def hold(asked: dict[str, Any]) -> None:
    """Takes a slot whenever one is free, and holds it a moment: from when to when at least."""
    state = state_of(asked)
    rule = ConcurrencyRule("s", asked["limit"], asked["lease"])
    end = time.time() + asked["seconds"]
    while time.time() < end:
        id = uuid4().hex
        admission = await state.admit(AdmitRequest(id, concurrency=rule))
        if admission.verdict is Verdict.ADMITTED:
            tell(took=time.time(), id=id)
            await asyncio.sleep(asked["hold"])
            tell(gave=time.time(), id=id)
            await state.settle(Settlement(id, concurrency=rule))
        await asyncio.sleep(0.002)


ROLES = {"hammer": hammer, "pace": pace, "read": read, "probe": probe, "hold": hold}

if __name__ == "__main__":
    asyncio.run(ROLES[sys.argv[1]](json.loads(sys.argv[2])))
