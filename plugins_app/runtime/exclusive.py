"""One runner at a time over all processes, by a lock that its holder's death gives back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from zlib import crc32

from django.db import Error as DatabaseError
from django.db import connection

_OURS = 0x5A41
"""Keeps our advisory locks apart from others' on the same database."""


@contextmanager
def exclusive(work: str) -> Iterator[bool]:
    """Whether this runner has it; if not, another one does it right now."""
    lock = _advisory_lock if connection.vendor == "postgresql" else _lock_beside
    with lock(work) as mine:
        yield mine


@contextmanager
def _advisory_lock(work: str) -> Iterator[bool]:
    key = [_OURS, crc32(work.encode()) & 0x7FFFFFFF]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", key)
        mine = bool(cursor.fetchone()[0])
    try:
        yield mine
    finally:
        if mine:
            _unlock(key)


def _unlock(key: list[int]) -> None:
    """With its connection a lock is gone too."""
    with suppress(DatabaseError), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)


@contextmanager
def _lock_beside(work: str) -> Iterator[bool]:
    """A database file of its own: the real one would be locked for all writers."""
    path = f"{connection.settings_dict['NAME']}-{work}.lock"
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
            mine = True
        except sqlite3.OperationalError:
            mine = False
        yield mine
