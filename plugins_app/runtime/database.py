"""Database work for code on the engine's loop: a few threads, connections that heal."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from django.core.exceptions import SynchronousOnlyOperation
from django.db import close_old_connections, connection, connections

T = TypeVar("T")

THREADS = 4


class _Threads:
    """A pool's threads do not survive a fork, and it would not notice."""

    def __init__(self) -> None:
        self._build()
        os.register_at_fork(after_in_child=self._build)

    def _build(self) -> None:
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="zantara-database")


_threads = _Threads()


async def in_database_thread(work: Callable[[], T]) -> T:
    """Run `work` where it may block on the database."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_threads.pool, _with_fresh_connection, work)


def _with_fresh_connection(work: Callable[[], T]) -> T:
    """A long-lived thread would keep a connection that died with the server for ever."""
    close_old_connections()
    try:
        return work()
    finally:
        close_old_connections()


def lend_connection() -> None:
    """Before this thread waits for the engine: what the engine does may need the pool's last
    connection, and this thread must not sit on it."""
    if connection.settings_dict["OPTIONS"].get("pool") and not connection.in_atomic_block:
        with suppress(SynchronousOnlyOperation):  # a script's own loop waits; it uses none
            connection.close()


def close_thread_connections() -> None:
    """For the end of a thread of ours."""
    connections.close_all()
