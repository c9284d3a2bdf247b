from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest

from plugins_app.core.memory_state import MemoryState
from plugins_app.core.state import SharedState
from plugins_app.core.testing import ManualTime
from plugins_app.runtime.redis.pipe import Patience
from plugins_app.runtime.redis.state import RedisState
from tests.servers.redis import forget, shared_url

CALM = Patience(10, 10)
"""For tests that are not about it: a busy machine is no Redis that is away."""
SOAK = bool(os.environ.get("ZANTARA_SOAK"))


@pytest.fixture
def prefix() -> Iterator[str]:
    """On the shared Redis, for this test alone."""
    shared_url()
    prefix = f"test-{uuid4().hex}"
    yield prefix
    forget(prefix)


@pytest.fixture
def time() -> ManualTime:
    return ManualTime()


@pytest.fixture(params=["memory", "redis"])
async def state(request: pytest.FixtureRequest, time: ManualTime) -> AsyncIterator[SharedState]:
    """Each kind of shared state, on a clock that is moved by hand."""
    if request.param == "memory":
        yield MemoryState(clock=time.clock, random=lambda: 0.5)
        return
    prefix = request.getfixturevalue("prefix")
    state = RedisState(
        shared_url(), prefix=prefix, patience=CALM, clock=time.clock, random=lambda: 0.5
    )
    yield state
    await state.close()
