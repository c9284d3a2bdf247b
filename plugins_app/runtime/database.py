"""Database work for code on the engine's loop: a few threads, connections that heal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import close_old_connections, connections

T = TypeVar("T")

THREADS = 4
_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="zantara-database")


async def in_database_thread(work: Callable[[], T]) -> T:
    """Run `work` where it may block on the database."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _with_fresh_connection, work)


def _with_fresh_connection(work: Callable[[], T]) -> T:
    """A long-lived thread would keep a connection that died with the server for ever."""
    close_old_connections()
    try:
        return work()
    finally:
        close_old_connections()


def close_thread_connections() -> None:
    """For the end of a thread of ours."""
    connections.close_all()
