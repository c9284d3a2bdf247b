"""Followers of a cold key: all that wait for one key in this process share one poller."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from plugins_app.core.state import SharedState

logger = logging.getLogger(__name__)

FIRST_POLL = 0.01
SLOWEST_POLL = 0.1
Sleep = Callable[[float], Awaitable[None]]


class Followers:
    def __init__(self, state: SharedState, sleep: Sleep = asyncio.sleep) -> None:
        self._state, self._sleep = state, sleep
        self._landings: dict[str, asyncio.Task[None]] = {}

    async def wait(self, key: str, seconds: float) -> None:
        """Until the key's flight landed, in whichever process, or `seconds` are over."""
        landing = self._landings.get(key)
        if landing is None:
            landing = asyncio.get_running_loop().create_task(self._poll(key))
            self._landings[key] = landing
            landing.add_done_callback(lambda _: self._landings.pop(key))
        await asyncio.wait({landing}, timeout=seconds)

    async def _poll(self, key: str) -> None:
        pause = FIRST_POLL
        while await self._is_flying(key):
            await self._sleep(pause)
            pause = min(SLOWEST_POLL, 2 * pause)

    async def _is_flying(self, key: str) -> bool:
        try:
            flight = await self._state.flight(key)
        except Exception:
            logger.exception("shared state did not answer a follower")
            return True
        return flight.flying and not flight.cached
