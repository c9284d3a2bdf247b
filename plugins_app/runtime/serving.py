"""Start and stop of a process that serves plugins."""

from __future__ import annotations

import gc
import os
import signal
import threading
from types import FrameType
from typing import Any

from plugins_app.runtime.database import in_database_thread
from plugins_app.runtime.engine import Engine, current_engine, forget_engine
from plugins_app.runtime.loop import engine_loop
from plugins_app.runtime.watcher import Seen, Watcher

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
    tens of milliseconds."""
    gc.collect()
    gc.freeze()


def _drain_on_sigterm(engine: Engine) -> None:
    """Refuse new calls as soon as the signal comes; the server's own handler follows."""
    if threading.current_thread() is not threading.main_thread():
        return
    previous: Any = signal.getsignal(signal.SIGTERM)

    def handle(number: int, frame: FrameType | None) -> None:
        engine.drain()
        if callable(previous):
            previous(number, frame)

    signal.signal(signal.SIGTERM, handle)


def _after_fork() -> None:
    global _watcher, _lock
    _watcher, _lock = None, threading.Lock()


os.register_at_fork(after_in_child=_after_fork)
