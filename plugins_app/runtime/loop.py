"""The one event loop of this process that plugins live on.

Under ASGI it is the server's loop, adopted at lifespan start; commands, WSGI and Celery start one
in a thread on first use. Sync doors hand a coroutine over and wait for it.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Awaitable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from plugins_app.runtime.database import lend_connection

T = TypeVar("T")


class EngineLoop:
    def __init__(self) -> None:
        self._forget()
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        """Also after a fork: the thread is not there any more, and the lock may have been held."""
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def adopt(self) -> None:
        """Take the running loop of the calling thread."""
        with self._lock:
            self._loop = asyncio.get_running_loop()
            self._thread = None

    def release(self) -> None:
        """Let go of the adopted loop, or end our own."""
        with self._lock:
            if self._loop and self._thread:
                self._loop.call_soon_threadsafe(self._loop.stop)
            self._loop = self._thread = None

    @property
    def running(self) -> bool:
        return self._loop is not None and not self._loop.is_closed()

    @property
    def here(self) -> bool:
        """Whether the calling code runs on it."""
        try:
            return asyncio.get_running_loop() is self._loop
        except RuntimeError:
            return False

    def get(self) -> asyncio.AbstractEventLoop:
        """The loop; started in a daemon thread where nobody adopted one (again after a fork)."""
        with self._lock:
            if self._loop is None or self._loop.is_closed():
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=_run, args=(self._loop,), name="zantara-loop", daemon=True
                )
                self._thread.start()
            return self._loop

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(coroutine, self.get())

    def run(self, coroutine: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
        """Run on the loop and wait for it, from any other thread. `timeout` is in seconds."""
        if self.here:
            coroutine.close()
            raise RuntimeError("the engine's own loop cannot wait for itself; await instead")
        future = self.submit(coroutine)
        lend_connection()
        try:
            return future.result(timeout)
        finally:
            future.cancel()

    def bring(self, coroutine: Coroutine[Any, Any, T]) -> Awaitable[T]:
        """Await something of the engine's loop from whatever loop is running."""
        return coroutine if self.here else asyncio.wrap_future(self.submit(coroutine))


def _run(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
    finally:
        loop.close()


engine_loop = EngineLoop()
