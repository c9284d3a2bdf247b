"""Start and stop of a process that serves plugins."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
from types import FrameType

from plugins_app.runtime.database import in_database_thread
from plugins_app.runtime.engine import Engine, current_engine, forget_engine
from plugins_app.runtime.loop import engine_loop
from plugins_app.runtime.watcher import Seen, Watcher

DRAIN_SECONDS = 30.0
YOUNG_OBJECTS = 10_000
"""After so many new ones that stay, the garbage collector looks at them."""
_THRESHOLDS = gc.get_threshold()

_watcher: Watcher | None = None
_lock = threading.Lock()


async def start_on_this_loop() -> None:
    """Under ASGI, at lifespan start: the server's loop becomes the engine's."""
    engine_loop.adopt()
    await _start()
    _drain_on_sigterm(current_engine())
    _leave_out_of_collections()


def ensure_started() -> None:
    """Where there is no lifespan, before each request: a loop in a thread, the same watcher."""
    if _watcher is None:
        with _lock:
            if _watcher is None:
                engine_loop.run(_start())


async def _start() -> None:
    global _watcher
    engine = current_engine()
    seen = await in_database_thread(Seen.now)
    await engine.open()
    _watcher = Watcher(engine)
    _watcher.start(seen)


async def stop() -> None:
    """Calls in flight have ended: write what is waiting, sign off."""
    await _sign_off()
    engine_loop.release()
    gc.unfreeze()
    gc.set_threshold(*_THRESHOLDS)


def ensure_stopped() -> None:
    """The same for what `ensure_started` began, from outside of the loop, which ends last: it
    could not tell its own end."""
    if _watcher is not None:
        engine_loop.run(_sign_off())
        engine_loop.release()


async def _sign_off() -> None:
    global _watcher
    engine = current_engine()
    engine.drain()
    if _watcher:
        await in_database_thread(_watcher.stop)
        _watcher = None
    await engine.close()
    forget_engine()


def _leave_out_of_collections() -> None:
    """Code and plugins stay. To walk through all of them now and again would hold calls up for
    tens of milliseconds. And hardly anything of a call is in a cycle, so to look at every few
    calls whether something is, as Python would, finds next to nothing."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *_THRESHOLDS[1:])


def _drain_on_sigterm(engine: Engine) -> None:
    """Refuse new calls as soon as the signal comes. The server's own handler follows when the calls
    in flight have ended: it closes the door, behind which callers would wait, where another process
    still holds the address, for somebody to answer them. A second signal closes it at once."""
    if threading.current_thread() is not threading.main_thread():
        return
    loop, previous = engine_loop.get(), signal.getsignal(signal.SIGTERM)

    async def leave() -> None:
        await engine.until_idle(DRAIN_SECONDS)
        close()

    def close() -> None:
        if callable(previous):
            previous(signal.SIGTERM, None)

    def handle(number: int, frame: FrameType | None) -> None:
        if engine.executor.draining:
            close()
        else:
            engine.drain()
            asyncio.run_coroutine_threadsafe(leave(), loop)

    signal.signal(signal.SIGTERM, handle)


def _after_fork() -> None:
    global _watcher, _lock
    _watcher, _lock = None, threading.Lock()


os.register_at_fork(after_in_child=_after_fork)
