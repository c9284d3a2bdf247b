"""Work that may block, in a thread of its own."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any


def in_thread(work: Callable[[], Any], name: str) -> asyncio.Future[Any]:
    """The work's result, awaitable here. The thread is not from a pool, since one that hangs
    could not be taken back, and daemonic, since it must not keep the process from ending.
    Cancelling the future does not end the thread: shield it, and watch it."""
    future: Future[Any] = Future()
    future.set_running_or_notify_cancel()
    context = contextvars.copy_context()

    def run() -> None:
        try:
            result = context.run(work)
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(result)

    threading.Thread(target=run, name=name, daemon=True).start()
    return asyncio.wrap_future(future)
