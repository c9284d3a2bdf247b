"""asyncio.wait for one future, at half of its cost: every call of a plugin pays it."""

from __future__ import annotations

import asyncio
from typing import Any


async def ended(future: asyncio.Future[Any], seconds: float) -> bool:
    """Whether it ended within the seconds. Neither its exception nor its cancellation is raised."""
    loop = future.get_loop()
    waiter: asyncio.Future[None] = loop.create_future()

    def wake(_: Any = None) -> None:
        if not waiter.done():
            waiter.set_result(None)

    alarm = loop.call_later(seconds, wake)
    future.add_done_callback(wake)
    try:
        await waiter
    finally:
        alarm.cancel()
        future.remove_done_callback(wake)
    return future.done()
